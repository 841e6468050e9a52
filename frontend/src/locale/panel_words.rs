//! The texts of panels beside figures: maps, tables, weeks of hours, what is open; and of the page that shows every component.
//!
//! Must never repeat what `words` says.

use super::texts::texts;

texts! {
    /// Texts of panels.
    PanelWords, panel_words {
        menu: "Danh mục", "Menu";
        without: "không có số liệu", "without data";
        not_measured: "không đo ở đây", "not measured here";
        no_areas: "Thành phố chưa khai báo bản đồ", "The city has no map";
        no_reading: "Chưa có số liệu nào", "No readings yet";
        area: "Địa bàn", "Area";
        department: "Đơn vị", "Department";
        asset: "Thiết bị", "Asset";
        worst: "Cần chú ý nhất", "First to look at";
        no_target: "chưa có chỉ tiêu", "no target";
        hours_of_week: "Theo giờ trong tuần", "By hour of the week";
        days: "ngày qua", "days";
        hour: "giờ", "h";
        weekdays: "T2,T3,T4,T5,T6,T7,CN", "Mon,Tue,Wed,Thu,Fri,Sat,Sun";
        open_alerts: "Sự cố đang mở", "Open incidents";
        none_open: "Không có sự cố nào đang mở", "No incident is open";
        more_open: "sự cố khác", "more";
        unknown_open: "Không biết có sự cố nào: máy chủ không trả lời", "Not known: the server doesn't answer";
        clock: "Giờ thành phố", "City time";
        theme: "Giao diện", "Theme";
        dark: "Tối", "Dark";
        light: "Sáng", "Light";
        design: "Thành phần giao diện", "Design system";
        design_note: "Mọi thành phần trong mọi trạng thái, với số liệu mẫu.", "Every component in every state, with sample figures.";
        statuses: "Trạng thái", "Statuses";
        severities: "Mức độ", "Severities";
        qualities: "Chất lượng số liệu", "Data quality";
        scale: "Cỡ chữ", "Type scale";
        colours: "Màu", "Colours";
        buttons: "Nút và ô nhập", "Buttons and fields";
        link_lost: "Mất kết nối", "Link lost";
        empty: "Trống", "Empty";
        error: "Lỗi", "Error";
        replay: "Xem lại", "Replay";
        kinds: "Loại ô", "Panel kinds";
    }
}
