//! The texts of the shift log, and of what people do about an incident beside answering.
//!
//! Must never hold what people wrote.

use super::texts::texts;

texts! {
    /// The room's texts in one language.
    RoomWords, room_words {
        log: "Sổ trực", "Shift log";
        open_log: "Mở sổ trực", "Open a log";
        desk: "Bàn trực", "Desk";
        lead: "Trưởng ca", "Shift lead";
        on_duty: "Cùng trực", "On duty";
        opened: "Vào ca", "Opened";
        no_log: "Chưa có sổ nào đang mở", "No log is open";
        open_logs: "Sổ đang mở", "Open logs";
        past_logs: "Sổ đã ký xong", "Signed logs";
        entry: "Ghi vào sổ", "New entry";
        entry_hint: "Enter để ghi; viết #12 để gắn với sự cố số 12", "Enter writes it; #12 links incident 12";
        corrects: "Đính chính mục số", "Corrects entry";
        write: "Ghi", "Write";
        written: "Đã ghi", "Written";
        sheet: "Phiếu giao ca", "Hand-over sheet";
        draft: "Xem bản nháp", "Look at the draft";
        sign: "Giao và nhận ca", "Hand over";
        hand_over: "Ký giao ca", "Sign the hand-over";
        take_over: "Ký nhận ca", "Sign that I take over";
        send_back: "Trả lại, chưa nhận", "Send it back";
        why: "Còn thiếu gì", "What is missing";
        really: "Đã đọc phiếu và ký?", "Read the sheet, and sign?";
        yes: "Vâng, ký", "Yes, sign";
        no: "Chưa", "Not yet";
        signed: "Đã ký", "Signed";
        handed_over: "Đã ký giao", "Handed over by";
        taken_over: "Đã ký nhận", "Taken over by";
        waits: "Sổ đã ký giao, chờ người nhận ca ký hoặc trả lại.", "It is handed over and waits for whoever takes over.";
        closed: "Sổ này đã ký xong, không ghi thêm được.", "It is signed by both; nothing is added any more.";
        changed: "Sổ này đã bị sửa sau khi ghi: mã kiểm tra không khớp.", "This log was changed after it was written: its hashes don't fit.";
        choose: "Chọn…", "Choose…";
        untick: "Bỏ đánh dấu", "Untick";
        given: "Đã giao cho", "Given to";
        assign: "Giao việc", "Give it to somebody";
        team: "Đội", "Team";
        agency: "hoặc cơ quan ngoài", "or an outside agency";
        phone: "Số đã gọi", "Number called";
        told_now: "Đã báo họ, ghi lại", "They were told: write it down";
        told_at: "báo lúc", "told at";
        name_one: "Hãy chọn một đội hoặc viết tên cơ quan", "Choose a team, or name an agency";
        merge: "Nhập vào sự cố khác", "Merge into another incident";
        merge_number: "Số sự cố", "Its number";
        merge_act: "Nhập vào", "Merge";
        merged_into: "Đã nhập vào sự cố", "Merged into incident";
        absorbed: "Gồm cả sự cố", "Includes incident";
        data_old: "Số liệu cũ", "Data is old";
        kind: "Loại việc", "Kind";
        other_kind: "Việc khác", "Something else";
        exactly: "Chỗ nào", "Where exactly";
        sound: "Âm báo", "Sound";
        sound_on: "bật", "on";
        sound_off: "tắt", "off";
        sound_waits: "chờ, bấm một phím bất kỳ", "waits, press any key";
        key_who: "chọn người thao tác", "choose who acts";
        key_recent: "đổi sang người vừa trực bàn này", "change to somebody who acted here lately";
        key_sound: "bật hoặc tắt âm báo", "turn the sound on or off";
        key_note: "viết ghi chú", "write a note";
        key_step: "làm xong bước kế tiếp", "tick the next step";
        key_back: "về danh sách", "back to the list";
        key_new: "mở sự cố", "open an incident";
        key_log: "mở sổ trực", "open the shift log";
        key_entry: "ghi vào sổ", "write an entry";
        camera: "Camera gần đó", "Its camera";
    }
}
