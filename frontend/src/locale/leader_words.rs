//! The texts of leaders' pages: the headline, a KPI's course and parts, what was given to units, targets, and frozen copies.
//!
//! Must never hold what people wrote.

use super::texts::texts;

texts! {
    /// Texts of leaders' pages.
    LeaderWords, leader_words {
        headline: "Tình hình", "In short";
        exceptions: "Chi tiết từng việc", "One by one";
        course: "Diễn biến", "Course";
        until: "đến", "to";
        ranking: "Xếp hạng", "Ranking";
        week_before: "Cùng giờ tuần trước", "This time last week";
        figure: "Số liệu", "Figure";
        all_parts: "Xem tất cả", "Show all";
        without: "nơi chưa có số liệu", "without data";
        csv: "Tải CSV", "Download CSV";
        copy_link: "Chép đường dẫn", "Copy the link";
        link_copied: "Đã chép đường dẫn, kèm những gì đang chọn", "The link is copied, with what is chosen";
        link_here: "Trình duyệt không cho chép; đây là đường dẫn", "The browser doesn't let pages copy; here is the link";
        share: "Chia sẻ", "Share";
        tasks: "Giao việc", "Assignments";
        give: "Giao việc từ chỉ số này", "Assign something";
        unit: "Đơn vị", "Unit";
        what: "Nội dung", "What is to be done";
        due: "Hạn", "Due";
        in_1: "1 ngày làm việc", "1 working day";
        in_3: "3 ngày làm việc", "3 working days";
        in_5: "5 ngày làm việc", "5 working days";
        in_10: "10 ngày làm việc", "10 working days";
        in_20: "20 ngày làm việc", "20 working days";
        send: "Giao", "Assign";
        given: "Đã giao", "It is assigned";
        fill: "Hãy điền đủ các ô", "Fill in every field";
        open: "Đang thực hiện", "Open";
        answered: "Đã trả lời", "Answered";
        closed: "Đã kết thúc", "Closed";
        overdue: "Quá hạn", "Overdue";
        overdue_by: "quá hạn", "overdue by";
        left: "còn", "left";
        no_tasks: "Chưa giao việc nào", "Nothing has been assigned";
        no_open_tasks: "Không có việc nào đang mở", "Nothing is open";
        closed_tasks: "Đã kết thúc gần đây", "Closed lately";
        giver: "Người giao", "Given by";
        effect: "Chỉ số từ khi giao", "The figure since";
        then: "Khi giao", "Then";
        now: "Hiện nay", "Now";
        history: "Diễn biến việc", "What happened";
        answer: "Trả lời của đơn vị", "The unit's answer";
        answer_hint: "Đã làm gì, kết quả thế nào", "What was done, and what came of it";
        send_answer: "Gửi trả lời", "Send the answer";
        answer_sent: "Đã gửi trả lời", "The answer is sent";
        close: "Kết thúc việc", "Close it";
        close_note: "Nhận xét của người giao", "The giver's remark";
        was_closed: "Đã kết thúc việc", "It is closed";
        send_back: "Trả lại, chưa đạt", "Send it back";
        was_sent_back: "Đã trả lại đơn vị", "It was sent back";
        broken_chain: "Nhật ký của việc này đã bị sửa sau khi ghi: mã kiểm tra không khớp.", "This log was changed after it was written: its hashes don't fit.";
        limits: "Chỉ tiêu và ngưỡng", "Target and limits";
        change_limits: "Đổi chỉ tiêu hoặc ngưỡng", "Change the target or a limit";
        which: "Đổi gì", "What";
        new_value: "Giá trị mới (để trống: theo tệp định nghĩa)", "New value (blank: as the definition file says)";
        reason: "Lý do, căn cứ", "Why, by what decision";
        change: "Đổi", "Change it";
        changed: "Đã ghi; có hiệu lực trong vài giây", "Noted; in force in a few seconds";
        bad_number: "Giá trị mới không phải là số", "The new value is no number";
        from_file: "theo tệp", "by the file";
        not_yet: "chưa có hiệu lực", "not in force yet";
        snapshot: "Tạo bản chụp số liệu", "Freeze the figures";
        snapshot_note: "Ai có đường dẫn đều xem được bản này, không cần đăng nhập, cho tới khi hết hạn hoặc bị thu hồi.", "Whoever has the link can see this copy without logging in, until it expires or is revoked.";
        days_1: "1 ngày", "1 day";
        days_7: "7 ngày", "7 days";
        days_30: "30 ngày", "30 days";
        valid: "Có hiệu lực", "Valid for";
        make: "Tạo đường dẫn", "Make a link";
        snapshots: "Bản chụp đã tạo", "Frozen copies";
        revoke: "Thu hồi", "Revoke";
        revoked: "Đã thu hồi", "Revoked";
        expires: "Hết hạn", "Expires";
        expired: "Đã hết hạn", "Expired";
        made: "Tạo lúc", "Made";
        no_snapshots: "Chưa có bản chụp nào", "There is no frozen copy";
        print: "In", "Print";
    }
}
