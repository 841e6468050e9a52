//! What messages say, in both languages.

use super::*;
use proptest::prelude::*;

fn content() -> Content {
    let item = |number, title: &str, place: &str, value: &str| Item {
        number,
        title: title.to_owned(),
        place: place.to_owned(),
        severity: Severity::Critical,
        value: Some(value.to_owned()),
        limit: Some("20 km/h".to_owned()),
        since: "2026-03-02T00:32:00Z".parse().unwrap(),
    };
    Content {
        kind: PageKind::Firing,
        reference: "7f3c".to_owned(),
        team: Some("Giao thông".to_owned()),
        incidents: vec![
            item(1042, "Tốc độ trung bình quá thấp", "Quận Ninh Kiều", "11,5 km/h"),
            item(1043, "Kẹt xe <b>", "Cái Răng", "9 km/h"),
        ],
        link: Some("https://truc.cantho.gov.vn/a/Zm9vYmFy".to_owned()),
        told: vec!["An".to_owned(), "Bình".to_owned()],
        zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
        ..Content::default()
    }
}

#[test]
fn place_and_value_come_first_and_the_sms_is_one_part() {
    let texts = compose(&content(), Language::Vi, false);
    assert_eq!(texts.subject, "Cảnh báo nghiêm trọng: Quận Ninh Kiều 11,5 km/h: Tốc độ trung bình quá thấp (+1 việc khác)");
    assert_eq!(
        texts.sms,
        "Quan Ninh Kieu 11,5 km/h. Canh bao nghiem trong. Toc do trung binh qua thap +1 viec khac https://truc.cantho.gov.vn/a/Zm9vYmFy"
    );
    assert!(texts.text.contains("Giá trị: 11,5 km/h (ngưỡng 20 km/h)\nTừ: 07:32 02/03/2026"), "{}", texts.text);
    assert!(texts.html.contains("Kẹt xe &lt;b&gt;") && !texts.html.contains("<img"), "{}", texts.html);
    assert_eq!(compose(&content(), Language::En, true).html.matches("cid:chart").count(), 1);
}

#[test]
fn an_exercise_and_a_repeat_are_marked_on_every_channel() {
    let marked = Content { exercise: true, is_repeat: true, ..content() };
    let vi = compose(&marked, Language::Vi, false);
    assert!(vi.sms.starts_with("(DIEN TAP) (nhac lai) Quan Ninh Kieu"), "{}", vi.sms);
    assert!(vi.subject.starts_with("[DIỄN TẬP] (nhắc lại) Cảnh báo"), "{}", vi.subject);
    for text in [&vi.text, &vi.html, &vi.voice] {
        assert!(text.contains("DIỄN TẬP") && text.contains("nhắc lại"), "{text}");
    }
    assert!(compose(&marked, Language::En, false).text.contains("(repeat) Alert critical"));
}

#[test]
fn without_a_link_an_sms_says_what_to_reply() {
    let unlinked = Content { link: None, ..content() };
    assert!(compose(&unlinked, Language::Vi, false).sms.ends_with("Tra loi: ack1042"));
}

proptest! {
    #[test]
    fn what_an_sms_must_say_stands_whatever_the_names_are(
        title in "[\\PC ]{0,200}", place in "\\PC{0,200}", team in "\\PC{1,200}", note in proptest::option::of("\\PC{1,200}"), more in 0_usize..30,
        marks in any::<(bool, bool)>(), kind in 0_usize..11
    ) {
        let kinds = [PageKind::Firing, PageKind::StillFiring, PageKind::Update, PageKind::Resolved, PageKind::Exhausted, PageKind::Reminder,
            PageKind::Digest, PageKind::Shift, PageKind::Code, PageKind::Reply, PageKind::Notice];
        let mut content = content();
        (content.incidents[0].title, content.incidents[0].place) = (title, place);
        let item = content.incidents[0].clone();
        content.incidents.extend(std::iter::repeat_n(item, more));
        (content.team, content.note, content.kind) = (Some(team), note, kinds[kind]);
        (content.exercise, content.is_repeat) = marks;
        for language in [Language::Vi, Language::En] {
            let texts = compose(&content, language, false);
            let sms = &texts.sms;
            prop_assert!(sms.len() <= 160 && sms.is_ascii(), "{sms}");
            prop_assert!(sms.contains("11,5 km/h") && sms.contains(content.link.as_deref().unwrap()), "{sms}");
            prop_assert!(!content.is_repeat || sms.contains(language.pick("(nhac lai)", "(repeat)")), "{sms}");
            prop_assert!(!content.exercise || sms.starts_with(language.pick("(DIEN TAP)", "(EXERCISE)")), "{sms}");
            prop_assert!(texts.subject.chars().count() <= 120, "{}", texts.subject);
        }
    }

    #[test]
    fn an_sms_never_has_more_than_160_characters_nor_half_a_word(
        title in "[\\PC ]{0,300}", place in "[\\PC ]{0,120}", link in proptest::option::of("https://[a-z0-9./]{1,200}"), marks in any::<(bool, bool)>()
    ) {
        let mut content = content();
        content.incidents[0].title = title;
        content.incidents[0].place = place;
        content.link = link;
        (content.exercise, content.is_repeat) = marks;
        for language in [Language::Vi, Language::En] {
            let sms = compose(&content, language, false).sms;
            prop_assert!(sms.len() <= 160 && sms.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"^{}\\[~]|`".contains(&byte)), "{sms}");
            let item = &content.incidents[0];
            let words: Vec<String> = gsm::plain(&format!("{} {} {}", item.place, item.title, "11,5 km/h")).split_whitespace().map(str::to_owned).collect();
            let fixed = gsm::plain(&format!("{} {} {}", heading(&content, &vi::WORDS), heading(&content, &en::WORDS), content.link.clone().unwrap_or_default()));
            for word in sms.split_whitespace() {
                let bare = word.trim_end_matches('.');
                let known = words.iter().any(|one| one == word || one == bare || one.trim_end_matches('.') == bare) || fixed.contains(bare)
                    || "(DIEN TAP) (EXERCISE) (nhac lai) (repeat) +1 viec khac more Tra loi: Reply: ack1042".contains(bare);
                prop_assert!(known, "{word:?} in {sms:?}");
            }
        }
    }
}
