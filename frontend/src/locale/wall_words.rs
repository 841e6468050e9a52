//! The texts of walls: on their screens, and on the page that controls them.
//!
//! Must never hold what people wrote.

use super::texts::texts;

texts! {
    /// The walls' texts in one language.
    WallWords, wall_words {
        title: "Tường màn hình", "Walls";
        calm: "Không có sự cố nghiêm trọng", "No critical incident";
        critical: "Nghiêm trọng", "Critical";
        more: "sự cố nghiêm trọng nữa", "more critical";
        told: "Đã báo", "Told";
        told_nobody: "Chưa báo được cho ai", "Nobody has been told yet";
        nobody_has_it: "Chưa có người nhận", "Nobody has it yet";
        has_it: "Đang xử lý", "At it";
        since: "từ", "since";
        display: "Màn hình", "Screen";
        enrol: "Ghép màn hình này", "Enrol this screen";
        enrol_how: "Tại bàn trực, mở trang Tường màn hình và nhập mã:", "At the desk, open the page Walls and enter this code:";
        enrol_until: "Mã tự đổi lúc", "The code changes at";
        frozen: "Trang này đã đứng hình", "This page stands still";
        now: "Đang chiếu", "On now";
        next_up: "Tiếp theo:", "Next:";
        in_time: "sau", "in";
        over_in: "hết sau", "over in";
        absent: "Chưa ghép", "Not enrolled";
        differs: "Khác kế hoạch", "Not as planned";
        says: "Màn hình báo:", "The screen says:";
        unheard: "Không rõ", "Not known";
        by_plan: "Theo kế hoạch:", "By the plan:";
        nothing: "Không chiếu gì", "Nothing";
        blank: "Tối", "Black";
        takeover: "Sự cố chiếm màn hình", "Taken over by an incident";
        held: "Đang giữ", "Held";
        presented: "Chế độ khách", "For visitors";
        until: "đến", "until";
        previous: "Cảnh trước", "Previous";
        next: "Cảnh sau", "Next";
        hold: "Giữ cảnh", "Hold";
        rotate: "Luân phiên", "Rotate";
        go_black: "Tắt tối", "Black out";
        light: "Bật sáng", "Light up";
        identify: "Nhận diện", "Identify";
        present: "Đón khách 30 phút", "Visitors, 30 min";
        end_presentation: "Hết khách", "Visitors are gone";
        release: "Thả màn hình", "Let the wall go";
        choose_scene: "Chọn cảnh", "Choose a scene";
        done: "Đã gửi tới màn hình", "Sent to the screens";
        choose_actor: "Hãy chọn người thao tác ở đầu trang", "Choose who acts, at the top of the page";
        screens: "Màn hình đã ghép", "Enrolled screens";
        no_screens: "Chưa ghép màn hình nào", "No screen is enrolled";
        live: "Đang vẽ", "Draws";
        awaited: "Đang chờ", "Awaited";
        dead: "Không vẽ nữa", "Does not draw";
        dead_since: "từ", "since";
        never: "chưa vẽ lần nào", "has never drawn";
        revoke: "Bỏ ghép", "Revoke";
        revoke_really: "Bỏ ghép thật", "Really revoke";
        code: "Mã trên màn hình", "Code on the screen";
        enrol_act: "Ghép", "Enrol";
        enrolled: "Đã ghép", "Enrolled";
        viewers: "trang đang xem mà chưa ghép", "pages look on without being enrolled";
        power: "Công suất ước tính", "Estimated power";
        acts: "Thao tác gần đây", "What was done last";
        preview: "Màn hình đang chiếu", "What the screen shows";
        keys: "Phím: ← → chuyển cảnh, H giữ hoặc luân phiên, B tối hoặc sáng, I nhận diện, T thả sự cố", "Keys: ← → change the scene, H holds or rotates, B black or lit, I identifies, T lets an incident go";
        which_wall: "Tường", "Wall";
    }
}
