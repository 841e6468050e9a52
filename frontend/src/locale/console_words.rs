//! The texts of the console and of an incident's page.
//!
//! Must never hold what rules say: titles, summaries and check-lists come with the incidents.

use super::texts::texts;
use taydo_model::{alert::Severity, incident::Standing, oncall::Channel};

texts! {
    /// The console's texts in one language.
    ConsoleWords, console_words {
        title: "Bàn điều hành", "Console";
        room: "Phòng điều hành", "Operations room";
        calm: "Không có sự cố nào đang mở", "No incident is open";
        calm_note: "Danh sách được hỏi lại mỗi 5 giây.", "The list is asked for every 5 seconds.";
        open_count: "đang mở", "open";
        unanswered_count: "chưa ai nhận", "unanswered";
        hidden_count: "bị bộ lọc ẩn", "hidden by the filter";
        open_now: "Đang mở", "Open";
        closed: "Đã đóng trong một giờ qua", "Closed in the last hour";
        broken: "Không hỏi được máy chủ từ", "The server can't be asked since";
        broken_note: "những gì dưới đây là của lúc đó; đang thử lại…", "what is below is of that moment; trying again…";
        as_of: "cập nhật lúc", "as of";
        team: "Đội", "Team";
        every_team: "Mọi đội", "Every team";
        severity: "Mức", "Severity";
        every_severity: "Mọi mức", "Every severity";
        and_worse: "trở lên", "and worse";
        filter: "Lọc danh sách", "Filter the list";
        who: "Người thao tác", "Acting as";
        choose_who: "Chọn người…", "Choose a person…";
        who_first: "Hãy chọn người thao tác ở đầu trang trước", "First choose at the head of the page who acts";
        show_on: "Chiếu lên", "Show on";
        critical: "Nghiêm trọng", "Critical";
        high: "Cao", "High";
        medium: "Trung bình", "Medium";
        info: "Thông tin", "Info";
        triggered: "Chưa ai nhận", "Unanswered";
        acknowledged: "Đang xử lý", "In hand";
        snoozed: "Tạm hoãn", "Snoozed";
        resolved: "Đã đóng", "Closed";
        exercise: "DIỄN TẬP", "EXERCISE";
        owner: "Người xử lý", "Owner";
        nobody: "chưa ai", "nobody";
        acknowledge: "Nhận xử lý", "Acknowledge";
        take: "Nhận về mình", "Take over";
        snooze: "Hoãn", "Snooze";
        half_hour: "30 phút", "30 min";
        one_hour: "1 giờ", "1 h";
        four_hours: "4 giờ", "4 h";
        escalate: "Báo cấp tiếp theo ngay", "Escalate now";
        resolve: "Đóng sự cố", "Resolve";
        really_resolve: "Việc đã xong thật chứ?", "Is it really over?";
        yes_resolve: "Vâng, đóng sự cố", "Yes, resolve it";
        no_resolve: "Chưa xong", "Not yet";
        note: "Ghi chú", "Note";
        write_note: "Ghi lại", "Write it down";
        done: "Đã ghi nhận", "Done";
        answers: "Trả lời", "Answer";
        open_by_hand: "Mở sự cố", "Open an incident";
        what: "Việc gì xảy ra", "What happened";
        area: "Địa bàn", "Area";
        whole_city: "Toàn thành phố", "The whole city";
        caller: "Người báo tin", "Caller";
        caller_hint: "chỉ người xử lý được thấy", "only those who handle it see this";
        is_exercise: "Diễn tập (DIỄN TẬP)", "This is an exercise";
        cancel: "Thôi", "Cancel";
        sending: "Đang gửi…", "Sending…";
        opened_as: "Đã mở sự cố số", "Opened as number";
        incident: "Sự cố", "Incident";
        back: "Về danh sách", "Back to the list";
        where_: "Địa điểm", "Place";
        since: "Từ lúc", "Since";
        now_value: "Giá trị mới nhất", "Newest value";
        at: "lúc", "at";
        open_mark: "mở", "opened";
        course: "Diễn biến ± 30 phút quanh lúc mở", "Course ± 30 min around the opening";
        no_course: "Không có số liệu nào quanh lúc đó", "There are no readings around it";
        sop: "Các bước xử lý", "What to do";
        runbook: "Tài liệu hướng dẫn", "Written guide";
        step_done: "Đã làm", "Done";
        step_is_done: "đã làm", "done";
        told: "Đã báo cho ai", "Who was told";
        nobody_told: "Chưa báo cho ai", "Nobody was told";
        log: "Nhật ký", "Log";
        person: "Người", "Person";
        channel: "Kênh", "Channel";
        outcome: "Kết quả", "What became of it";
        keys: "Phím tắt", "Keys";
        keys_on: "Dùng phím tắt một chữ", "Use single-letter keys";
        key_move: "chọn sự cố trước, sau", "the previous, the next incident";
        key_open: "mở trang sự cố", "open its page";
        key_acknowledge: "nhận xử lý", "acknowledge it";
        key_help: "hiện hoặc ẩn bảng này", "show or hide this";
        email: "Thư điện tử", "E-mail";
        sms: "Tin nhắn", "SMS";
        voice: "Gọi điện", "Call";
        chat: "Trò chuyện", "Chat";
        accepted: "nhà mạng đã nhận", "accepted";
        delivered: "đã tới", "delivered";
        read: "đã đọc", "read";
        retry: "sẽ gửi lại", "to be sent again";
        unknown: "không rõ", "unknown";
        failed: "không gửi được", "failed";
        contact_refused: "địa chỉ bị từ chối", "the address was refused";
        providers_down: "mọi nhà mạng đều hỏng", "all providers are down";
        pulled_forward: "chuyển sang kênh sau sớm hơn", "the next channel was pulled forward";
        suppressed: "không cần gửi nữa", "no longer wanted";
        expired: "quá hạn", "expired";
        unconfirmed: "chưa được xác nhận", "unconfirmed";
    }
}

impl ConsoleWords {
    /// A severity's word.
    #[must_use]
    pub fn severity_of(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Info => self.info,
        }
    }

    /// A standing's word.
    #[must_use]
    pub fn standing_of(&self, standing: Standing) -> &'static str {
        match standing {
            Standing::Triggered => self.triggered,
            Standing::Acknowledged => self.acknowledged,
            Standing::Snoozed => self.snoozed,
            Standing::Resolved => self.resolved,
        }
    }

    /// A channel's word.
    #[must_use]
    pub fn channel_of(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => self.email,
            Channel::Sms => self.sms,
            Channel::Voice => self.voice,
            Channel::Webhook => "Webhook",
            Channel::Chat => self.chat,
        }
    }

    /// What became of a page; the server's own word where it is a new one.
    #[must_use]
    pub fn outcome_of<'w>(&self, what: &'w str) -> &'w str {
        match what {
            "accepted" => self.accepted,
            "delivered" => self.delivered,
            "read" => self.read,
            "retry" => self.retry,
            "unknown" => self.unknown,
            "failed" => self.failed,
            "contact_refused" => self.contact_refused,
            "providers_down" => self.providers_down,
            "pulled_forward" => self.pulled_forward,
            "suppressed" => self.suppressed,
            "expired" => self.expired,
            "unconfirmed" => self.unconfirmed,
            other => other,
        }
    }
}
