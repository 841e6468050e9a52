//! The departments' page: a clerk sends a workbook with three mistakes, sees each beside its cell, mends it and sends it,
//! and types a figure by keyboard alone.

use super::*;
use harness::workbook::{Row, Value as Cell, report};
use harness::{Database, MovedClock, Setup};

const CITY: &str = "tests/cities/office";
const FINANCE: &str = "so-tai-chinh";
const SIZES: [(u32, u32); 3] = [(1440, 900), (390, 844), (320, 640)];

/// What sticks out sideways, a line each.
const WIDE: &str = "
    const over = [...document.querySelectorAll('#main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
    return [document.documentElement.scrollWidth > innerWidth, over.slice(0, 3).map((one) => `${one.tagName}.${one.className}`)];";

fn rows(revenue: (&'static str, f64), firms: Cell<'static>, code: &'static str) -> [Row<'static>; 4] {
    [
        ("investment.disbursed", "Tỷ lệ giải ngân vốn đầu tư công", "%", Cell::Number(21.4), ""),
        ("budget.revenue", "Thu ngân sách trên địa bàn", revenue.0, Cell::Number(revenue.1), ""),
        ("firms.founded", "Doanh nghiệp thành lập mới", "doanh nghiệp", firms, ""),
        (code, "Xếp hạng PCI", "", Cell::Blank, ""),
    ]
}

struct Desk {
    browser: Chromium,
    folder: tempfile::TempDir,
}

impl Desk {
    /// Chooses a file in the page, as the dialogue would.
    async fn choose(&self, name: &str, content: &[u8]) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("the file is written");
        self.browser.choose_file(".file input", &path).await;
    }

    /// Looks at the page at every size: nothing may have to be scrolled sideways.
    async fn look(&self, name: &str) {
        for (width, height) in SIZES {
            self.browser.size(width, height).await;
            assert_eq!(self.browser.ask(WIDE).await, json!([false, []]), "{name} at {width}");
            let whole = self.browser.ask("return document.documentElement.scrollHeight;").await.as_u64().unwrap_or(0);
            self.browser.size(width, u32::try_from(whole).unwrap_or(height).clamp(height, 6000)).await;
            self.browser.screenshot(&format!("forms-{name}-{width}")).await;
        }
        self.browser.size(1440, 900).await;
    }

    async fn text(&self, selector: &str) -> String {
        let script = format!("return [...document.querySelectorAll('{selector}')].map((one) => one.innerText).join('\\n');");
        self.browser.ask(&script).await.as_str().unwrap_or_default().to_owned()
    }

    async fn press(&self, selector: &str) {
        assert_eq!(
            self.browser.ask(&format!("const one = document.querySelector('{selector}'); one?.click(); return one !== null;")).await,
            true
        );
    }
}

async fn desk() -> (Desk, Centre, MovedClock, Database) {
    let clock = MovedClock::at("2026-03-02T01:00:00Z");
    let database = Database::fresh().await;
    let centre = Centre::start(Setup { city: CITY, clock: Some(&clock), database: Some(&database), ..Setup::default() }).await;
    has_pages(&centre).await;
    for (term, value) in [("2025-02", "18,2"), ("2026-01", "15")] {
        let draft = json!({ "department": FINANCE, "name": "An", "kpi": "investment.disbursed", "term": term, "value": value });
        assert_eq!(centre.post("/api/v1/forms/entries", &draft).await.status, 200);
    }
    let desk = Desk { browser: Chromium::start().await, folder: tempfile::tempdir().expect("a folder") };
    (desk, centre, clock, database)
}

const LISTED: &str = "return document.querySelector('.duties tbody tr') !== null && document.fonts.status === 'loaded';";

#[tokio::test]
async fn a_workbook_with_three_mistakes_is_answered_beside_each_cell() {
    let _alone = alone().await;
    let (desk, centre, _clock, _database) = desk().await;
    let browser = &desk.browser;
    browser.size(1440, 900).await;
    browser.open(&format!("{}/forms", centre.url)).await;
    until(browser, "the departments are listed", "return document.querySelectorAll('.offices button').length === 2;").await;
    desk.look("departments").await;
    browser.open(&format!("{}/forms?department={FINANCE}", centre.url)).await;
    until(browser, "what is due is listed", LISTED).await;
    browser.ask("const one = document.querySelector('.clerk input'); one.value = 'Nguyễn Văn An'; one.dispatchEvent(new InputEvent('input', { bubbles: true }));").await;
    desk.look("due").await;

    let wrong = rows(("triệu đồng", 1_250_000.0), Cell::Text("khoảng 180"), "investment.disburse");
    let mut wrong = wrong.to_vec();
    wrong[3].3 = Cell::Number(12.0);
    desk.choose("bao-cao-thang-02.xlsx", &report(2, 2026, &wrong)).await;
    until(browser, "the mistakes are shown", "return document.querySelectorAll('.judged tr[data-state=\"wrong\"]').length === 3;").await;
    let judged = desk.text(".judged tbody tr").await;
    for (cell, what) in [
        ("Biểu 01!D9", "đơn vị trong tệp là «triệu đồng», còn chỉ tiêu này tính bằng đồng"),
        ("Biểu 01!F10", "«khoảng 180» không phải là số"),
        ("Biểu 01!B11", "không có chỉ tiêu «investment.disburse»"),
    ] {
        assert!(judged.contains(cell) && judged.contains(what), "{cell}: {judged}");
    }
    assert!(desk.text(".said").await.contains("Chưa nhận: 3 dòng có lỗi"), "{}", desk.text(".said").await);
    assert_eq!(desk.text(".verdict .buttons").await, "Chỉ nhận các dòng đúng");
    desk.look("mistakes").await;

    let mended = rows(("đồng", 1.25e12), Cell::Number(180.0), "pci.rank");
    desk.choose("bao-cao-thang-02.xlsx", &report(2, 2026, &mended)).await;
    until(browser, "the file can be sent", "return document.querySelector('.verdict .buttons .main')?.textContent === 'Gửi';").await;
    desk.look("checked").await;
    desk.press(".verdict .buttons .main").await;
    until(browser, "there is a receipt", "return document.querySelector('.receipt')?.dataset.number !== undefined;").await;
    assert!(desk.text(".said").await.contains("Đã nhận 3 số liệu"), "{}", desk.text(".said").await);
    until(browser, "the duties are done", "return document.querySelectorAll('.duties tr[data-state=\"done\"]').length === 3;").await;
    desk.look("taken").await;
    // The browser's own note of a 422 aside, which nothing here causes.
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}

#[tokio::test]
async fn a_figure_is_typed_and_an_unlikely_one_confirmed_by_keyboard_alone() {
    let _alone = alone().await;
    let (desk, centre, _clock, database) = desk().await;
    let browser = &desk.browser;
    browser.size(1440, 900).await;
    browser.open(&format!("{}/forms?department={FINANCE}", centre.url)).await;
    until(browser, "what is due is listed", LISTED).await;
    browser.ask("const one = document.querySelector('.clerk input'); one.value = 'An'; one.dispatchEvent(new InputEvent('input', { bubbles: true }));").await;
    let row = ".duties tr[data-kpi=\"investment.disbursed\"][data-term=\"2026-02\"]";
    assert!(desk.text(row).await.contains("15,0 %") && desk.text(row).await.contains("18,2 %"), "{}", desk.text(row).await);
    browser.ask(&format!("document.querySelector('{row} button').focus();")).await;
    browser.type_keys("\u{e007}").await;
    until(browser, "the value has the focus", "return document.activeElement?.inputMode === 'decimal';").await;
    browser.type_keys("hai mươi\u{e007}").await;
    until(browser, "the mistake is said", "return document.querySelector('.objections li') !== null;").await;
    assert!(desk.text(".objections").await.contains("«hai mươi» không phải là số"));
    browser.ask("const one = document.activeElement; one.select();").await;
    browser.type_keys("61\u{e007}").await;
    until(browser, "it is to be confirmed", "return document.querySelectorAll('.typing .buttons button').length === 2;").await;
    assert!(desk.text(".objections").await.contains("khác nhiều so với 15,0 %"), "{}", desk.text(".objections").await);
    desk.look("confirm").await;
    browser.ask("document.querySelectorAll('.typing .buttons button')[1].focus();").await;
    browser.type_keys(" ").await;
    until(browser, "it is taken", &format!("return document.querySelector('{row}')?.dataset.state === 'done';")).await;
    let kept =
        database.client().await.query_one("SELECT value, confirmed FROM form_entry WHERE term = '2026-02'", &[]).await.expect("the entry");
    assert_eq!((kept.get::<_, f64>(0), kept.get::<_, bool>(1)), (61.0, true));
    // A 422 is noted by the browser as a failed request; the page's own complaints would be others.
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("422")), "{complaints:?}");
    desk.browser.close().await;
}
