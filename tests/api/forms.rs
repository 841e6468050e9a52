//! The departments' door: what is typed and what files say becomes figures, with a receipt, and nothing wrong does.

use super::*;
use harness::Answer;
use harness::workbook::{Row, Value as Cell, report};
use std::io::{Read, Write};

const CITY: &str = "tests/cities/office";
const FINANCE: &str = "so-tai-chinh";
/// 8 o'clock on 2 March 2026 in the city; February's figures can be entered.
const TERM: &str = "2026-02";

/// A centre of the city of offices.
struct Office {
    clock: MovedClock,
    database: Database,
    centre: Centre,
}

impl Office {
    async fn start(more: &[&str]) -> Self {
        let clock = MovedClock::at(START);
        let database = Database::fresh().await;
        let centre = Self::centre(&clock, &database, more).await;
        Self { clock, database, centre }
    }

    async fn centre(clock: &MovedClock, database: &Database, more: &[&str]) -> Centre {
        Centre::start(Setup { city: CITY, clock: Some(clock), database: Some(database), more, ..Setup::default() }).await
    }

    async fn enter(&self, kpi: &str, value: &str, more: Value) -> Answer {
        let mut body = json!({ "department": FINANCE, "name": "Nguyễn Văn An", "kpi": kpi, "term": TERM, "value": value });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.centre.post("/api/v1/forms/entries", &body).await
    }

    async fn upload(&self, file: &str, content: &[u8], more: &str) -> Answer {
        let path = format!("/api/v1/forms/uploads?department={FINANCE}&name=An&file={file}{more}");
        self.centre.post_bytes(&path, content.to_vec(), &[]).await
    }

    async fn duties(&self, department: &str) -> Vec<Value> {
        let answer = self.centre.get(&format!("/api/v1/forms?department={department}")).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.body["duties"].as_array().unwrap().clone()
    }

    /// The city's recorded figure at an instant of the grid.
    async fn recorded(&self, kpi: &str, scope: &str, at: &str, test: impl Fn(&Value) -> bool) -> Value {
        let seen = std::cell::RefCell::new(None);
        let what = || format!("{kpi} of {scope} at {at}, last seen as {:?}", seen.borrow());
        eventually(what, Duration::from_secs(30), || async {
            self.clock.advance(jiff::SignedDuration::from_millis(500));
            let point = self.centre.readings(kpi, scope, at, at).await.into_iter().next();
            seen.replace(point.clone());
            point.filter(|point| test(point))
        })
        .await
    }

    async fn count(&self, table: &str) -> i64 {
        self.database.client().await.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
    }
}

/// February's report with three mistakes, among good rows.
fn three_mistakes() -> Vec<u8> {
    let rows: [Row<'_>; 5] = [
        ("investment.disbursed", "Tỷ lệ giải ngân vốn đầu tư công", "%", Cell::Number(21.4), ""),
        ("budget.revenue", "Thu ngân sách trên địa bàn", "triệu đồng", Cell::Number(1_250_000.0), ""),
        ("firms.founded", "Doanh nghiệp thành lập mới", "doanh nghiệp", Cell::Text("khoảng 180"), ""),
        ("investment.disburse", "Giải ngân vốn vay", "%", Cell::Number(12.0), ""),
        ("pci.rank", "Xếp hạng PCI", "", Cell::Blank, ""),
    ];
    report(2, 2026, &rows)
}

fn sound() -> Vec<u8> {
    let rows: [Row<'_>; 3] = [
        ("investment.disbursed", "Tỷ lệ giải ngân vốn đầu tư công", "%", Cell::Number(21.4), ""),
        ("budget.revenue", "Thu ngân sách trên địa bàn", "đồng", Cell::Number(1.25e12), ""),
        ("firms.founded", "Doanh nghiệp thành lập mới", "doanh nghiệp", Cell::Text("1.180"), ""),
    ];
    report(2, 2026, &rows)
}

/// The rows' problems, as `cell: what`.
fn problems(answer: &Answer) -> Vec<String> {
    let rows = answer.body["rows"].as_array().unwrap().iter();
    let all = rows.flat_map(|row| row["problems"].as_array().unwrap().clone()).chain(answer.body["problems"].as_array().unwrap().clone());
    all.map(|one| format!("{}: {}", one["cell"].as_str().unwrap_or("-"), one["what"]["vi"].as_str().unwrap())).collect()
}

fn counts(answer: &Answer) -> [u64; 4] {
    ["taken", "unchanged", "to_confirm", "wrong"].map(|key| answer.body[key].as_u64().unwrap())
}

#[tokio::test]
async fn a_typed_figure_is_receipted_kept_and_becomes_the_reading() {
    let office = Office::start(&[]).await;
    let duty = office.duties(FINANCE).await.into_iter().find(|duty| duty["kpi"] == "investment.disbursed").unwrap();
    assert_eq!((&duty["term"], &duty["state"], &duty["due"]), (&json!(TERM), &json!("open"), &json!("2026-03-10T17:00:00Z")));
    let answer = office.enter("investment.disbursed", "21,4", json!({})).await;
    assert_eq!((answer.status, &answer.body["receipt"]["number"]), (200, &json!(1)), "{:?}", answer.body);
    assert_eq!(counts(&answer), [1, 0, 0, 0]);
    office.recorded("investment.disbursed", "city", "2026-03-02T00:00:00Z", is(21.4)).await;
    let duties = office.duties(FINANCE).await;
    let states: Vec<(&str, &str)> = duties
        .iter()
        .filter(|duty| duty["kpi"] == "investment.disbursed")
        .map(|duty| (duty["term"].as_str().unwrap(), duty["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(TERM, "done"), ("2026-03", "running")]);
    // The same again changes nothing, and says so.
    let again = office.enter("investment.disbursed", "21.4", json!({})).await;
    assert_eq!((again.status, counts(&again)), (200, [0, 1, 0, 0]));
    assert_eq!(office.count("form_entry").await, 1);
}

#[tokio::test]
async fn a_correction_of_an_official_figure_needs_a_reason_and_is_kept_beside_it() {
    let office = Office::start(&[]).await;
    office.enter("investment.disbursed", "20", json!({ "stated": "provisional" })).await;
    let point = office.recorded("investment.disbursed", "city", "2026-03-02T00:00:00Z", is(20.0)).await;
    assert_eq!(point["quality"], "good");
    // A provisional figure is replaced without further ado.
    assert_eq!(office.enter("investment.disbursed", "21,4", json!({})).await.status, 200);
    let refused = office.enter("investment.disbursed", "22", json!({})).await;
    assert_eq!(
        (refused.status, problems(&refused)),
        (422, vec!["-: số chính thức của kỳ này là 21,4 %; muốn sửa phải có lý do".to_owned()])
    );
    let corrected = office.enter("investment.disbursed", "22", json!({ "reason": "đối chiếu với Kho bạc" })).await;
    assert_eq!((corrected.status, counts(&corrected)), (200, [1, 0, 0, 0]), "{:?}", corrected.body);
    office.recorded("investment.disbursed", "city", "2026-03-02T00:00:00Z", is(22.0)).await;
    let entries = office.centre.get("/api/v1/forms/entries?kpi=investment.disbursed").await.body["entries"].clone();
    let kept: Vec<(f64, &str, &str, u64)> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["value"].as_f64().unwrap(),
                one["stated"].as_str().unwrap(),
                one["reason"].as_str().unwrap(),
                one["revision"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(kept, [(22.0, "official", "đối chiếu với Kho bạc", 2), (21.4, "official", "", 1), (20.0, "provisional", "", 0)]);
    let observed: Vec<(f64, i32, Option<i16>)> = office
        .database
        .client()
        .await
        .query("SELECT value, revision, state FROM observation", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(observed, [(22.0, 2, None)]);
}

#[tokio::test]
async fn an_unlikely_jump_must_be_confirmed() {
    let office = Office::start(&[]).await;
    let january = json!({ "term": "2026-01" });
    assert_eq!(office.enter("investment.disbursed", "20", january).await.status, 200);
    let asked = office.enter("investment.disbursed", "61", json!({})).await;
    assert_eq!((asked.status, counts(&asked)), (422, [0, 0, 1, 0]));
    assert_eq!(problems(&asked), ["-: 61,0 % khác nhiều so với 20,0 % của tháng 01/2026 (+205 %)"]);
    assert_eq!(office.count("form_entry").await, 1);
    let confirmed = office.enter("investment.disbursed", "61", json!({ "confirm": true })).await;
    assert_eq!((confirmed.status, counts(&confirmed)), (200, [1, 0, 0, 0]));
    // A file's jumps are confirmed by the same file, and by no other.
    let rows: [Row<'_>; 1] = [("investment.disbursed", "", "%", Cell::Number(5.0), "làm lại")];
    let file = report(2, 2026, &rows);
    let asked = office.upload("a.xlsx", &file, "").await;
    assert_eq!((asked.status, counts(&asked)), (422, [0, 0, 1, 0]), "{:?}", asked.body);
    let sha256 = asked.body["sha256"].as_str().unwrap().to_owned();
    let other = report(2, 2026, &[("investment.disbursed", "", "%", Cell::Number(4.0), "làm lại")]);
    let other = office.upload("a.xlsx", &other, &format!("&confirm={sha256}")).await;
    assert_eq!(other.status, 422);
    let confirmed = office.upload("a.xlsx", &file, &format!("&confirm={sha256}")).await;
    assert_eq!((confirmed.status, counts(&confirmed)), (200, [1, 0, 0, 0]));
}

#[tokio::test]
async fn three_mistakes_in_a_workbook_are_named_at_their_cells_and_nothing_is_taken() {
    let office = Office::start(&[]).await;
    let expected = [
        "Biểu 01!D9: đơn vị trong tệp là «triệu đồng», còn chỉ tiêu này tính bằng đồng",
        "Biểu 01!F10: «khoảng 180» không phải là số",
        "Biểu 01!B11: không có chỉ tiêu «investment.disburse»",
    ];
    let tried = office.upload("bao-cao.xlsx", &three_mistakes(), "&dry_run=true").await;
    assert_eq!(
        (tried.status, counts(&tried), problems(&tried)),
        (200, [0, 0, 0, 3], expected.map(str::to_owned).to_vec()),
        "{:?}",
        tried.body
    );
    assert_eq!((&tried.body["receipt"], office.count("form_receipt").await), (&Value::Null, 0));
    let refused = office.upload("bao-cao.xlsx", &three_mistakes(), "").await;
    assert_eq!((refused.status, counts(&refused)), (422, [0, 0, 0, 3]));
    assert!(refused.body["receipt"]["number"].is_number());
    assert_eq!((office.count("form_entry").await, office.count("form_receipt").await), (0, 1));
    let good = office.upload("bao-cao.xlsx", &three_mistakes(), "&good_rows=true").await;
    assert_eq!((good.status, counts(&good)), (200, [1, 0, 0, 3]), "{:?}", good.body);
    office.recorded("investment.disbursed", "city", "2026-03-02T00:00:00Z", is(21.4)).await;
}

#[tokio::test]
async fn a_sound_workbook_is_taken_once() {
    let office = Office::start(&[]).await;
    let file = sound();
    let tried = office.upload("bao-cao.xlsx", &file, "&dry_run=true").await;
    assert_eq!((tried.status, counts(&tried)), (200, [3, 0, 0, 0]), "{:?}", tried.body);
    assert_eq!(office.count("form_entry").await, 0);
    let taken = office.upload("bao-cao.xlsx", &file, "").await;
    assert_eq!((taken.status, counts(&taken)), (200, [3, 0, 0, 0]));
    assert_eq!(taken.body["sha256"], tried.body["sha256"]);
    office.recorded("budget.revenue", "city", "2026-03-02T00:00:00Z", is(1.25e12)).await;
    office.recorded("firms.founded", "city", "2026-03-02T00:00:00Z", is(1180.0)).await;
    let again = office.upload("ten-khac.xlsx", &file, "").await;
    assert_eq!((again.status, counts(&again)), (200, [0, 3, 0, 0]));
    assert_eq!(again.body["receipt"]["same_as"], taken.body["receipt"]["number"]);
    assert!(again.body["said"]["vi"].as_str().unwrap().starts_with("Không có gì thay đổi"), "{:?}", again.body["said"]);
    assert_eq!(office.count("form_entry").await, 3);
    let cell = office.database.client().await.query_one("SELECT cell FROM form_entry WHERE kpi = 'budget.revenue'", &[]).await.unwrap();
    assert_eq!(cell.get::<_, &str>(0), "Biểu 01!F9");
}

#[tokio::test]
async fn csv_is_read_in_the_encodings_and_signs_of_offices() {
    let office = Office::start(&[]).await;
    // `Chỉ tiêu;Kỳ;Giá trị` and `Tỷ lệ giải ngân vốn đầu tư công` in Windows-1258, where a tone follows its letter.
    let old =
        b"Chi\xd2 ti\xeau;Ky\xcc;Gi\xe1 tri\xf2\nTy\xd2 l\xea\xf2 gia\xd2i ng\xe2n v\xf4\xecn \xf0\xe2\xccu t\xfd c\xf4ng;02/2026;21,4\n";
    let answer = office.upload("cu.csv", old, "").await;
    assert_eq!((answer.status, counts(&answer)), (200, [1, 0, 0, 0]), "{:?}", answer.body);
    let text = "\u{feff}Mã chỉ tiêu;Kỳ;Giá trị;Trạng thái\r\nbudget.revenue;Tháng 02/2026;1.250.000.000.000;tạm tính\r\nfirms.founded;T2/2026;1.180;\r\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let answer = office.upload("moi.csv", &utf16, "").await;
    assert_eq!((answer.status, counts(&answer)), (200, [2, 0, 0, 0]), "{:?}", answer.body);
    let comma = "Mã chỉ tiêu,Kỳ,Giá trị\nbudget.revenue,2026-02,\"1.251.000.000.000\"\n";
    let answer = office.upload("phay.csv", comma.as_bytes(), "").await;
    assert_eq!((answer.status, counts(&answer)), (200, [1, 0, 0, 0]), "{:?}", answer.body);
    office.recorded("budget.revenue", "city", "2026-03-02T00:00:00Z", is(1.251e12)).await;
}

#[tokio::test]
async fn hostile_and_foreign_files_are_refused_with_what_to_do() {
    let office = Office::start(&[]).await;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(sound())).unwrap();
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        bomb.start_file(name.clone(), zip::write::SimpleFileOptions::default()).unwrap();
        bomb.write_all(&if name.ends_with("sheet1.xml") { vec![b' '; 64 << 20] } else { content }).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    for (file, content, word) in [
        ("bom.xlsx", bomb, "24 MiB"),
        ("cu.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....".to_vec(), ".xls"),
        ("a.pdf", b"%PDF-1.7".to_vec(), "PDF"),
        ("hong.xlsx", sound().into_iter().take(900).collect(), "hỏng"),
        ("rong.csv", Vec::new(), "rỗng"),
        ("khac.csv", b"a,b\n1,2\n".to_vec(), "tiêu đề"),
        ("trong.csv", "Mã chỉ tiêu,Kỳ,Giá trị\n".as_bytes().to_vec(), "không có dòng nào"),
    ] {
        let answer = office.upload(file, &content, "").await;
        let found = problems(&answer);
        assert!(answer.status == 422 && found.len() == 1 && found[0].contains(word), "{file}: {} {found:?}", answer.status);
    }
    assert_eq!(office.upload("lon.csv", &vec![b'x'; 5 << 20], "").await.status, 413);
    assert_eq!(office.count("form_entry").await, 0);
    let answer = office.centre.post_bytes("/api/v1/forms/uploads?department=so-noi-vu&name=An&file=a.csv", b"x".to_vec(), &[]).await;
    assert_eq!(answer.status, 404, "a department that enters nothing: {:?}", answer.body);
    assert_eq!(office.enter("investment.disbursed", "1", json!({ "name": " " })).await.status, 422);
    assert_eq!(office.enter("investment.disbursed", "1", json!({ "surprise": 1 })).await.status, 400);
}

#[tokio::test]
async fn an_entered_figure_comes_by_no_other_way() {
    let office = Office::start(&[]).await;
    let city = tempfile::tempdir().unwrap();
    let from = harness::repository().join(CITY);
    for file in ["city.toml", "kpis/entered.toml"] {
        std::fs::create_dir_all(city.path().join("kpis")).unwrap();
        std::fs::copy(from.join(file), city.path().join(file)).unwrap();
    }
    std::fs::write(city.path().join("sources.toml"), "[api]\ntitle = { vi = \"A\", en = \"A\" }\nway = \"http\"\n").unwrap();
    let path = city.path().to_str().unwrap();
    let centre =
        Centre::start(Setup { city: path, clock: Some(&office.clock), database: Some(&Database::fresh().await), ..Setup::default() }).await;
    let batch = json!([{ "metric": "investment.disbursed", "time": START, "value": 99 }]);
    for (source, code) in [("api", "forbidden"), ("forms", "")] {
        let answer = centre.post(&format!("/api/v1/observations?source={source}"), &batch).await;
        let refused = if code.is_empty() { answer.status == 400 } else { answer.body["errors"][0]["code"] == code };
        assert!(refused, "{source}: {:?}", answer.body);
    }
}

#[tokio::test]
async fn a_wards_figure_is_the_wards_alone() {
    let office = Office::start(&[]).await;
    let enter = async |scope: &str, value: &str| {
        let body = json!({ "department": "so-xay-dung", "name": "Bình", "kpi": "housing.permits", "scope": scope, "term": "2025-Q4", "value": value });
        let answer = office.centre.post("/api/v1/forms/entries", &body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    };
    enter("area:north", "40").await;
    enter("area:south", "25").await;
    enter("city", "70").await;
    let at = "2026-03-02T00:00:00Z";
    office.recorded("housing.permits", "city", at, is(70.0)).await;
    office.recorded("housing.permits", "area:north", at, is(40.0)).await;
    office.recorded("housing.permits", "area:south", at, is(25.0)).await;
}

#[tokio::test]
async fn a_department_is_reminded_once_before_and_once_after_the_due_date() {
    let mut office = Office::start(&[]).await;
    let reminders = async |office: &Office| {
        let page = office.centre.get(&format!("/api/v1/forms?department={FINANCE}")).await.body;
        let all = page["reminders"].as_array().unwrap().iter().filter(|one| one["kpi"] == "investment.disbursed");
        all.map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let until = async |office: &Office, expected: &[&str]| {
        eventually(format!("reminders {expected:?}").as_str(), Duration::from_secs(20), || async {
            office.clock.advance(jiff::SignedDuration::from_mins(5));
            (reminders(office).await == expected).then_some(())
        })
        .await;
    };
    assert_eq!(reminders(&office).await, Vec::<String>::new());
    // Three days before the due date, which is the end of 10 March.
    office.clock.advance(jiff::SignedDuration::from_hours(6 * 24));
    until(&office, &["soon"]).await;
    let soon = office.centre.get("/api/v1/sources").await.body;
    assert!(soon["figures_soon"].as_u64().unwrap() >= 1, "{soon:?}");
    office.clock.advance(jiff::SignedDuration::from_hours(4 * 24));
    until(&office, &["late", "soon"]).await;
    let late = office.centre.get("/api/v1/sources").await.body;
    assert_eq!(late["figures_late"], 6, "{late:?}");
    office.centre.kill();
    office.centre = Office::centre(&office.clock, &office.database, &[]).await;
    office.clock.advance(jiff::SignedDuration::from_hours(1));
    until(&office, &["late", "soon"]).await;
    assert_eq!(office.count("form_reminder WHERE kpi = 'investment.disbursed'").await, 2);
}

#[tokio::test]
async fn an_entry_whose_observation_was_lost_is_followed_by_one() {
    let mut office = Office::start(&[]).await;
    office.enter("investment.disbursed", "21,4", json!({})).await;
    office.recorded("investment.disbursed", "city", "2026-03-02T00:00:00Z", is(21.4)).await;
    // As if the process had ended between the entry and its observation.
    office.centre.kill();
    office.database.client().await.execute("DELETE FROM observation", &[]).await.unwrap();
    office.centre = Office::centre(&office.clock, &office.database, &[]).await;
    eventually("the observation is there again", Duration::from_secs(20), || async {
        office.clock.advance(jiff::SignedDuration::from_secs(10));
        (office.count("observation").await == 1).then_some(())
    })
    .await;
    assert_eq!(office.count("form_entry").await, 1);
}

#[tokio::test]
async fn a_folders_files_are_taken_when_whole_and_answered_beside() {
    let inbox = tempfile::tempdir().unwrap();
    let office = Office::start(&["--inbox", inbox.path().to_str().unwrap()]).await;
    let folder = inbox.path().join(FINANCE);
    std::fs::write(folder.join("thang-2.xlsx"), sound()).unwrap();
    std::fs::write(folder.join("loi.xlsx"), three_mistakes()).unwrap();
    std::fs::write(folder.join("~$thang-2.xlsx"), b"lock").unwrap();
    let receipt = |place: &str| std::fs::read_to_string(folder.join(place)).ok();
    eventually("both files are answered", Duration::from_secs(20), || async {
        office.clock.advance(jiff::SignedDuration::from_secs(2));
        (receipt("done/thang-2.xlsx.txt").is_some() && receipt("refused/loi.xlsx.txt").is_some()).then_some(())
    })
    .await;
    let (done, refused) = (receipt("done/thang-2.xlsx.txt").unwrap(), receipt("refused/loi.xlsx.txt").unwrap());
    assert!(done.contains("Biên nhận số:") && done.contains("Đã nhận 3 số liệu"), "{done}");
    assert!(refused.contains("Biểu 01!F10: «khoảng 180» không phải là số") && refused.contains("Cách sửa:"), "{refused}");
    eventually("the files are moved", Duration::from_secs(5), || async {
        (folder.join("done/thang-2.xlsx").exists() && folder.join("refused/loi.xlsx").exists()).then_some(())
    })
    .await;
    assert!(!folder.join("thang-2.xlsx").exists() && folder.join("~$thang-2.xlsx").exists());
    assert_eq!(office.count("form_entry").await, 3);
}

#[tokio::test]
async fn a_template_that_is_filled_in_is_taken() {
    let office = Office::start(&[]).await;
    let client = reqwest::Client::new();
    let get = async |end: &str| {
        let url = format!("{}/api/v1/forms/template.{end}?department={FINANCE}", office.centre.url);
        client.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
    };
    let csv = String::from_utf8(get("csv").await).unwrap();
    let filled: Vec<String> = csv
        .lines()
        .map(|line| {
            if line.starts_with("investment.disbursed;") {
                line.replacen(";tháng 02/2026;;", ";tháng 02/2026;21,4;", 1)
            } else {
                line.to_owned()
            }
        })
        .collect();
    let answer = office.upload("mau.csv", filled.join("\r\n").as_bytes(), "").await;
    assert_eq!((answer.status, counts(&answer)), (200, [1, 0, 0, 0]), "{csv}\n{:?}", answer.body);
    // The workbook is read, and has no figure yet.
    let answer = office.upload("mau.xlsx", &get("xlsx").await, "&dry_run=true").await;
    assert_eq!(problems(&answer), ["-: không có dòng nào có số liệu"]);
}
