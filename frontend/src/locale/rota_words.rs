//! The texts of the on-call pages: who is on call now, a rota's calendar, a person's own shifts.
//!
//! Must never hold a name of a rota or a person.

use super::texts::texts;

texts! {
    /// The on-call pages' texts in one language.
    RotaWords, rota_words {
        title: "Trực ban", "On call";
        as_of: "lúc", "as of";
        no_rotas: "Chưa có lịch trực nào", "There are no rotas yet";
        rota: "Lịch trực", "Rota";
        on_call: "Đang trực", "On call now";
        until: "Đến", "Until";
        next: "Kế tiếp", "Next";
        no_change: "không đổi trong một năm tới", "no change within a year";
        nobody: "KHÔNG CÓ AI", "NOBODY";
        gap: "Trống ca", "Gap";
        gaps_ahead: "Trống ca trong 24 giờ tới", "Gaps within the next 24 hours";
        no_gaps: "24 giờ tới không trống ca", "No gap within the next 24 hours";
        open_ended: "chưa rõ", "open end";
        from: "Từ", "From";
        to: "Đến", "To";
        now: "bây giờ", "now";
        calendar: "Lịch bốn tuần", "Four weeks";
        earlier: "Bốn tuần trước", "Four weeks earlier";
        later: "Bốn tuần sau", "Four weeks later";
        today: "Hôm nay", "Today";
        layers: "Các lớp", "Layers";
        layer: "Lớp", "Layer";
        final_line: "Thực tế trực", "In the end";
        zone_note: "Giao ca theo giờ", "Hand-offs follow the clocks of";
        times_are: "giờ ghi ở đây là giờ thành phố", "times here are the city's";
        unreachable: "Không liên lạc được, coi như không có mặt", "Can't be reached, and counts as nobody";
        overrides: "Đổi ca", "Changes for once";
        no_overrides: "Không có đổi ca nào", "There are none";
        replaces: "trực thay", "stands in for";
        added: "trực thêm", "is on call as well";
        removed: "nghỉ trực", "is off";
        remove: "Bỏ", "Remove";
        really_remove: "Bỏ thật", "Really remove";
        replace_form: "Nhờ người trực thay", "Have somebody stand in";
        whose: "Ca của", "Whose shifts";
        by: "Người trực thay", "Who takes them";
        choose: "Chọn…", "Choose…";
        save: "Đổi ca", "Change it";
        saved: "Đã đổi ca", "Changed";
        was_removed: "Đã bỏ", "Removed";
        fill_all: "Hãy chọn hai người khác nhau và thời gian từ trước đến sau", "Choose two people and a time that ends after it begins";
        my_shifts: "Ca trực của", "Shifts of";
        no_shifts: "Không có ca nào trong bốn tuần tới", "No shifts within four weeks";
        changed: "đổi ca", "changed";
        length: "Dài", "Length";
        feed: "Địa chỉ lịch (iCal)", "Calendar feed (iCal)";
        feed_note: "Dán vào ứng dụng lịch để tự cập nhật.", "Paste it into a calendar application; it stays up to date by itself.";
        copy: "Sao chép", "Copy";
        copied: "Đã sao chép", "Copied";
        monday: "T2", "Mon";
        tuesday: "T3", "Tue";
        wednesday: "T4", "Wed";
        thursday: "T5", "Thu";
        friday: "T6", "Fri";
        saturday: "T7", "Sat";
        sunday: "CN", "Sun";
    }
}

impl RotaWords {
    /// A weekday's short name; Monday is 0.
    #[must_use]
    pub fn weekday(&self, from_monday: usize) -> &'static str {
        let days = [self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday];
        days.get(from_monday).copied().unwrap_or_default()
    }
}
