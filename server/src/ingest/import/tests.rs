//! When a full export is believed, and what follows from it.

use super::*;
use std::io::Read as _;
use taydo_model::CaseKey;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source() -> SourceId {
    SourceId::new("desk").unwrap()
}

fn open(id: &str, opened: &str, updated: &str) -> CaseVersion {
    let case = Case { updated: Some(at(updated)), ..Case::new(CaseId::new(id).unwrap(), "dossier", at(opened)) };
    let hash = check::content_hash(&case);
    CaseVersion { key: CaseKey { source: source(), id: case.id.clone() }, updated: at(updated), hash, case }
}

fn present(ids: &[&str], unnamed: usize) -> Present {
    Present { rows: ids.len(), ids: ids.iter().map(|id| CaseId::new(id).unwrap()).collect(), unnamed }
}

#[test]
fn what_a_full_export_lacks_was_closed_when_it_was_made() {
    let (old, exported, now) = ("2026-01-01T00:00:00Z", at("2026-02-01T00:00:00Z"), at("2026-02-02T00:00:00Z"));
    let known = [
        open("there", old, old),
        open("gone", old, old),
        open("opened-later", "2026-02-01T08:00:00Z", "2026-02-01T08:00:00Z"),
        open("written-later", old, "2026-02-01T08:00:00Z"),
    ];
    let closings = present(&["there"], 0).closings(&source(), &known, exported, now);
    let shown: Vec<_> = closings.iter().map(|version| (version.key.id.as_str(), version.case.closed, version.updated)).collect();
    assert_eq!(shown, [("gone", Some(exported), exported)]);
    assert_eq!(closings[0].hash, check::content_hash(&closings[0].case));
    // A row that can't be named may be any of them.
    assert!(present(&["there"], 1).closings(&source(), &known, exported, now).is_empty());
}

#[test]
fn a_refused_row_is_present_all_the_same() {
    let mut seen = Present::default();
    let refusal = |case| Refusal { case, ..Refusal::new(ErrorCode::InvalidTime, "soon") };
    seen.see(&Item { index: 0, payload: b"", content: Err(refusal(CaseId::new("gone").ok())) });
    assert_eq!((seen.ids.len(), seen.unnamed), (1, 0));
    seen.see(&Item { index: 1, payload: b"", content: Err(refusal(None)) });
    assert_eq!((seen.ids.len(), seen.unnamed), (1, 1));
}

#[test]
fn a_file_that_can_t_be_whole_is_refused() {
    let judge = |rows, cut_off, known| judge(&decode::csv::Ending { rows, cut_off }, known, 0.5).map_err(|refusal| refusal.code);
    assert_eq!(judge(50, false, 100), Ok(()));
    assert_eq!(judge(0, false, 0), Ok(()));
    assert_eq!(judge(49, false, 100), Err(ErrorCode::Invalid));
    assert_eq!(judge(100, true, 100), Err(ErrorCode::Malformed));
    assert_eq!(judge(MAX_SNAPSHOT_ROWS + 1, false, 0), Err(ErrorCode::TooLarge));
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_no_end_of_file() {
    for whole in [true, false] {
        let (upload, mut file) = upload();
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            file.read_to_string(&mut text).map(|_| text).map_err(|error| error.kind())
        });
        assert!(upload.push(Bytes::from_static(b"a,b\n")).await && upload.push(Bytes::from_static(b"1,2\n")).await);
        if whole {
            upload.finish().await;
        } else {
            drop(upload);
        }
        let expected = if whole { Ok("a,b\n1,2\n".to_owned()) } else { Err(io::ErrorKind::UnexpectedEof) };
        assert_eq!(reading.await.unwrap(), expected);
    }
}
