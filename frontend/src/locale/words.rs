//! The texts of the interface, one field each, so that a text that one language lacks does not compile.
//!
//! Must never hold what definitions say: titles of boards, KPIs and sources come with them.

use super::Language;

/// The interface's texts in one language.
#[derive(Debug)]
pub struct Words {
    /// The product's long name.
    pub centre: &'static str,
    /// `Video walls`.
    pub walls: &'static str,
    /// `Boards`.
    pub boards: &'static str,
    /// `Data sources`.
    pub sources: &'static str,
    /// `Home`.
    pub home: &'static str,
    /// Names the language switch.
    pub language: &'static str,
    /// The first link of a page.
    pub skip: &'static str,
    /// `Loading…`.
    pub loading: &'static str,
    /// Beside an error that goes away by itself.
    pub retrying: &'static str,
    /// `There is no such page`.
    pub not_found: &'static str,
    /// An empty list.
    pub nothing: &'static str,
    /// Stands before a time of day.
    pub lost_since: &'static str,
    /// Follows the time.
    pub lost_note: &'static str,
    /// `Connecting…`.
    pub connecting: &'static str,
    /// `Live`.
    pub live: &'static str,
    /// `There is a new version`.
    pub new_build: &'static str,
    /// `Reload`.
    pub reload: &'static str,
    /// Stands before a figure.
    pub target: &'static str,
    /// `met`.
    pub target_met: &'static str,
    /// `missed`.
    pub target_missed: &'static str,
    /// A quality.
    pub good: &'static str,
    /// A quality.
    pub partial: &'static str,
    /// A quality.
    pub stale: &'static str,
    /// A quality.
    pub missing: &'static str,
    /// Stands before a time.
    pub missing_since: &'static str,
    /// A status.
    pub normal: &'static str,
    /// A status.
    pub attention: &'static str,
    /// A status.
    pub critical: &'static str,
    /// `Rising`.
    pub rising: &'static str,
    /// `Falling`.
    pub falling: &'static str,
    /// `Steady`.
    pub level: &'static str,
    /// Stands between a difference and a span.
    pub within: &'static str,
    /// The scope of the whole city.
    pub city: &'static str,
    /// `now`.
    pub now: &'static str,
    /// `Absences of the centre`.
    pub absences: &'static str,
    /// A column: where a figure usually lies.
    pub usual: &'static str,
    /// Names the shade behind a chart.
    pub usual_band: &'static str,
    /// `No history yet`.
    pub no_history: &'static str,
    /// `The history can't be loaded`.
    pub history_failed: &'static str,
    /// Opens a chart's table.
    pub table: &'static str,
    /// A column.
    pub time: &'static str,
    /// A column.
    pub value: &'static str,
    /// A column.
    pub quality: &'static str,
    /// Stands before a figure.
    pub lowest: &'static str,
    /// Stands before a figure.
    pub highest: &'static str,
    /// Stands before a figure.
    pub latest: &'static str,
    /// Stands before a span.
    pub last_span: &'static str,
    /// `worst first`.
    pub worst_first: &'static str,
    /// `largest first`.
    pub largest_first: &'static str,
    /// Follows a count of entries that are not shown.
    pub others: &'static str,
    /// Follows a count.
    pub without_data: &'static str,
    /// A column.
    pub source: &'static str,
    /// A column.
    pub way: &'static str,
    /// A column.
    pub state: &'static str,
    /// A column.
    pub last_seen: &'static str,
    /// A column.
    pub per_minute: &'static str,
    /// A column.
    pub accepted: &'static str,
    /// A column.
    pub rejected: &'static str,
    /// A column.
    pub series: &'static str,
    /// `never`.
    pub never: &'static str,
    /// A feed's state.
    pub feed_live: &'static str,
    /// A feed's state.
    pub feed_silent: &'static str,
    /// A feed's state.
    pub feed_problem: &'static str,
    /// A feed's state.
    pub feed_waiting: &'static str,
    /// `Unregistered assets`.
    pub unknown_assets: &'static str,
    /// `Their data is kept; register them to give them a name and a place.`.
    pub unknown_assets_note: &'static str,
    /// Over what is known of the definition files.
    pub definitions: &'static str,
    /// Before the moment since when a definition set has been in force.
    pub in_force_since: &'static str,
    /// A newer set follows soon.
    pub being_taken_over: &'static str,
    /// Before the moment since when the folder has had problems.
    pub definitions_broken: &'static str,
    /// What goes on meanwhile.
    pub definitions_broken_note: &'static str,
    /// File, line and column.
    pub place: &'static str,
    /// After the number of problems that are not listed.
    pub further_problems: &'static str,
    /// A column.
    pub asset: &'static str,
    /// A column.
    pub observations: &'static str,
    /// `Newest rejects`.
    pub newest_rejects: &'static str,
    /// A column.
    pub reason: &'static str,
    /// A column.
    pub payload: &'static str,
    /// Stands before a time of day.
    pub as_of: &'static str,
    /// `The server can't be reached`.
    pub unreachable: &'static str,
    /// `This wall has no scenes`.
    pub no_scenes: &'static str,
    /// The section on a change.
    pub why: &'static str,
    /// Stands before spans.
    pub compared_with: &'static str,
    /// A column.
    pub by_area: &'static str,
    /// A column.
    pub by_department: &'static str,
    /// A column.
    pub before: &'static str,
    /// A column.
    pub after: &'static str,
    /// A column.
    pub contribution: &'static str,
    /// What no part accounts for.
    pub rest: &'static str,
    /// The section of cases.
    pub cases_behind: &'static str,
    /// A column.
    pub case: &'static str,
    /// A column.
    pub procedure: &'static str,
    /// A column.
    pub opened: &'static str,
    /// A column.
    pub due: &'static str,
    /// Stands before a span.
    pub late_by: &'static str,
    /// The section on the definition.
    pub passport: &'static str,
    /// How it is computed.
    pub computed: &'static str,
    /// What is divided by what.
    pub quotient: &'static str,
    /// How many samples or cases.
    pub samples: &'static str,
    /// When the newest data is of.
    pub data_until: &'static str,
    /// How many series should report.
    pub expected: &'static str,
    /// The share of them that do.
    pub coverage: &'static str,
    /// How often.
    pub cadence: &'static str,
    /// Target and thresholds.
    pub thresholds: &'static str,
    /// Who answers for it.
    pub owner: &'static str,
    /// The standard that it follows.
    pub standard: &'static str,
    /// The definition's version.
    pub version: &'static str,
    /// Stands before a time.
    pub since: &'static str,
    /// Its id.
    pub id: &'static str,
}

static VI: Words = Words {
    centre: "Trung tâm điều hành thông minh",
    walls: "Màn hình lớn",
    boards: "Bảng điều hành",
    sources: "Nguồn dữ liệu",
    home: "Trang đầu",
    language: "Ngôn ngữ",
    skip: "Đến nội dung chính",
    loading: "Đang tải…",
    retrying: "Đang thử lại",
    not_found: "Không có trang này",
    nothing: "Không có",
    lost_since: "Mất kết nối từ",
    lost_note: "các số liệu bên dưới là số cũ",
    connecting: "Đang kết nối…",
    live: "Trực tuyến",
    new_build: "Có phiên bản mới",
    reload: "Tải lại",
    target: "Mục tiêu",
    target_met: "đạt",
    target_missed: "chưa đạt",
    good: "Đủ dữ liệu",
    partial: "Thiếu một phần",
    stale: "Dữ liệu cũ",
    missing: "Không có dữ liệu",
    missing_since: "Không có dữ liệu từ",
    normal: "Bình thường",
    attention: "Cần chú ý",
    critical: "Nghiêm trọng",
    rising: "Tăng",
    falling: "Giảm",
    level: "Ổn định",
    within: "trong",
    city: "Toàn thành phố",
    now: "hiện tại",
    absences: "Thời gian trung tâm vắng mặt",
    usual: "Thường thấy",
    usual_band: "vùng mờ: mức thường thấy",
    no_history: "Chưa có lịch sử",
    history_failed: "Chưa tải được lịch sử",
    table: "Bảng số liệu",
    time: "Thời điểm",
    value: "Giá trị",
    quality: "Chất lượng",
    lowest: "thấp nhất",
    highest: "cao nhất",
    latest: "mới nhất",
    last_span: "trong",
    worst_first: "xấu nhất trước",
    largest_first: "lớn nhất trước",
    others: "mục khác",
    without_data: "chưa có dữ liệu",
    source: "Nguồn",
    way: "Đường vào",
    state: "Trạng thái",
    last_seen: "Nhận lần cuối",
    per_minute: "Mỗi phút",
    accepted: "Đã nhận",
    rejected: "Từ chối",
    series: "Chuỗi",
    never: "chưa bao giờ",
    feed_live: "Hoạt động",
    feed_silent: "Im lặng",
    feed_problem: "Có sự cố",
    feed_waiting: "Đang chờ",
    unknown_assets: "Thiết bị chưa đăng ký",
    unknown_assets_note: "Dữ liệu vẫn được giữ; đăng ký thiết bị để có tên và vị trí.",
    definitions: "Định nghĩa",
    in_force_since: "Bộ định nghĩa có hiệu lực từ",
    being_taken_over: "Đang chuyển sang bộ mới",
    definitions_broken: "Thư mục định nghĩa có lỗi từ",
    definitions_broken_note: "Bộ cũ vẫn được dùng cho đến khi lỗi được sửa.",
    place: "Vị trí",
    further_problems: "lỗi khác",
    asset: "Thiết bị",
    observations: "Số quan trắc",
    newest_rejects: "Dữ liệu bị từ chối gần nhất",
    reason: "Lý do",
    payload: "Nội dung",
    as_of: "lúc",
    unreachable: "Không gọi được máy chủ",
    no_scenes: "Màn hình này chưa có cảnh nào",
    why: "Vì sao thay đổi",
    compared_with: "So với trước đó",
    by_area: "Phường, xã",
    by_department: "Đơn vị",
    before: "Trước",
    after: "Sau",
    contribution: "Đóng góp",
    rest: "Phần còn lại",
    cases_behind: "Hồ sơ được tính",
    case: "Mã hồ sơ",
    procedure: "Thủ tục",
    opened: "Tiếp nhận",
    due: "Hạn",
    late_by: "trễ",
    passport: "Hộ chiếu chỉ số",
    computed: "Cách tính",
    quotient: "Tử số : mẫu số",
    samples: "Số mẫu",
    data_until: "Dữ liệu đến",
    expected: "Số điểm đo phải có",
    coverage: "Tỷ lệ có báo cáo",
    cadence: "Nhịp ghi",
    thresholds: "Ngưỡng",
    owner: "Đơn vị phụ trách",
    standard: "Tiêu chuẩn",
    version: "Phiên bản",
    since: "từ",
    id: "Mã chỉ số",
};

static EN: Words = Words {
    centre: "Smart operations centre",
    walls: "Video walls",
    boards: "Boards",
    sources: "Data sources",
    home: "Home",
    language: "Language",
    skip: "Skip to the content",
    loading: "Loading…",
    retrying: "Trying again",
    not_found: "There is no such page",
    nothing: "None",
    lost_since: "Connection lost since",
    lost_note: "the figures below are old",
    connecting: "Connecting…",
    live: "Live",
    new_build: "There is a new version",
    reload: "Reload",
    target: "Target",
    target_met: "met",
    target_missed: "missed",
    good: "Complete",
    partial: "Partial data",
    stale: "Out of date",
    missing: "No data",
    missing_since: "No data since",
    normal: "Normal",
    attention: "Attention",
    critical: "Critical",
    rising: "Rising",
    falling: "Falling",
    level: "Steady",
    within: "in",
    city: "Whole city",
    now: "now",
    absences: "Absences of the centre",
    usual: "Usual",
    usual_band: "shaded: the usual range",
    no_history: "No history yet",
    history_failed: "The history can't be loaded",
    table: "Data table",
    time: "Time",
    value: "Value",
    quality: "Quality",
    lowest: "lowest",
    highest: "highest",
    latest: "latest",
    last_span: "over the last",
    worst_first: "worst first",
    largest_first: "largest first",
    others: "more",
    without_data: "without data",
    source: "Source",
    way: "Way in",
    state: "State",
    last_seen: "Last seen",
    per_minute: "Per minute",
    accepted: "Accepted",
    rejected: "Rejected",
    series: "Series",
    never: "never",
    feed_live: "Live",
    feed_silent: "Silent",
    feed_problem: "Problem",
    feed_waiting: "Waiting",
    unknown_assets: "Unregistered assets",
    unknown_assets_note: "Their data is kept; register them to give them a name and a place.",
    definitions: "Definitions",
    in_force_since: "The set in force since",
    being_taken_over: "Being replaced by a newer set",
    definitions_broken: "The definition folder has been broken since",
    definitions_broken_note: "The old set stays in use until this is mended.",
    place: "Place",
    further_problems: "further problems",
    asset: "Asset",
    observations: "Observations",
    newest_rejects: "Newest rejects",
    reason: "Reason",
    payload: "Payload",
    as_of: "as of",
    unreachable: "The server can't be reached",
    no_scenes: "This wall has no scenes",
    why: "Why it changed",
    compared_with: "Compared with",
    by_area: "Ward",
    by_department: "Department",
    before: "Before",
    after: "After",
    contribution: "Contribution",
    rest: "The rest",
    cases_behind: "Cases counted",
    case: "Case",
    procedure: "Procedure",
    opened: "Opened",
    due: "Due",
    late_by: "late by",
    passport: "Passport",
    computed: "Computed as",
    quotient: "Numerator : denominator",
    samples: "Samples",
    data_until: "Data until",
    expected: "Series expected",
    coverage: "Reporting",
    cadence: "Recorded every",
    thresholds: "Thresholds",
    owner: "Owner",
    standard: "Standard",
    version: "Version",
    since: "since",
    id: "Id",
};

/// The texts in `language`.
#[must_use]
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::Vi => &VI,
        Language::En => &EN,
    }
}

#[cfg(test)]
impl Words {
    /// Every text, for checks that hold for all of them.
    pub(super) fn all(&self) -> Vec<&'static str> {
        vec![
            self.centre,
            self.walls,
            self.boards,
            self.sources,
            self.home,
            self.language,
            self.skip,
            self.loading,
            self.retrying,
            self.not_found,
            self.nothing,
            self.lost_since,
            self.lost_note,
            self.connecting,
            self.live,
            self.new_build,
            self.reload,
            self.target,
            self.target_met,
            self.target_missed,
            self.good,
            self.partial,
            self.stale,
            self.missing,
            self.missing_since,
            self.normal,
            self.attention,
            self.critical,
            self.rising,
            self.falling,
            self.level,
            self.within,
            self.city,
            self.now,
            self.absences,
            self.usual,
            self.usual_band,
            self.no_history,
            self.history_failed,
            self.table,
            self.time,
            self.value,
            self.quality,
            self.lowest,
            self.highest,
            self.latest,
            self.last_span,
            self.worst_first,
            self.largest_first,
            self.others,
            self.without_data,
            self.source,
            self.way,
            self.state,
            self.last_seen,
            self.per_minute,
            self.accepted,
            self.rejected,
            self.series,
            self.never,
            self.feed_live,
            self.feed_silent,
            self.feed_problem,
            self.feed_waiting,
            self.unknown_assets,
            self.unknown_assets_note,
            self.definitions,
            self.in_force_since,
            self.being_taken_over,
            self.definitions_broken,
            self.definitions_broken_note,
            self.place,
            self.further_problems,
            self.asset,
            self.observations,
            self.newest_rejects,
            self.reason,
            self.payload,
            self.as_of,
            self.unreachable,
            self.no_scenes,
            self.why,
            self.compared_with,
            self.by_area,
            self.by_department,
            self.before,
            self.after,
            self.contribution,
            self.rest,
            self.cases_behind,
            self.case,
            self.procedure,
            self.opened,
            self.due,
            self.late_by,
            self.passport,
            self.computed,
            self.quotient,
            self.samples,
            self.data_until,
            self.expected,
            self.coverage,
            self.cadence,
            self.thresholds,
            self.owner,
            self.standard,
            self.version,
            self.since,
            self.id,
        ]
    }
}
