//! A KPI from cases, in words.
//!
//! It must never leave out which cases are counted, nor that one may count more than once.

use super::definition::{filter_in_words, pick, window_in_words};
use crate::Allowance;
use crate::calendar::Measured;
use crate::kpi::{CaseMeasure, CaseTerms, Window};
use crate::text::Language;

/// What is counted, and the terms of it.
pub(super) fn in_words(kind: &str, measure: CaseMeasure, window: Window, terms: &CaseTerms, language: Language) -> Vec<String> {
    let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
    let over = if measure.is_level() { String::new() } else { format!(" {}", window_in_words(window, language)) };
    let mut words = vec![format!("{}{kind}{over}", measure_in_words(measure, language))];
    let mut say = |vi: String, en: String| words.push(if language == Language::Vi { vi } else { en });
    if let Some(within) = terms.within {
        let left = allowance_in_words(within, language);
        say(format!("còn không quá {left}"), format!("no more than {left} left"));
    }
    if terms.working {
        say("tính theo ngày làm việc".to_owned(), "counted in working days".to_owned());
    }
    if let Some(label) = &terms.weigh {
        say(format!("mỗi hồ sơ tính theo số trong nhãn {label}"), format!("each case counts as often as its label {label} says"));
    }
    if let Some(answer) = &terms.answer {
        let (label, values) = (&answer.label, answer.satisfied.join(", "));
        say(format!("hài lòng khi {label} là {values}"), format!("satisfied means that {label} is {values}"));
    }
    words.extend(filter_in_words(&terms.only, language));
    if !terms.without.is_empty() {
        let labels: Vec<String> = terms.without.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        words.push(format!("{} {}", pick(language, "không tính", "without"), labels.join(", ")));
    }
    if let Some(minimum) = terms.minimum {
        words.push(format!("{} {minimum}", pick(language, "số hồ sơ tối thiểu", "least number of cases")));
    }
    words
}

fn measure_in_words(measure: CaseMeasure, language: Language) -> &'static str {
    let (vi, en) = match measure {
        CaseMeasure::Open => ("Số hồ sơ đang mở", "Cases that are open"),
        CaseMeasure::Overdue => ("Số hồ sơ đang mở đã quá hạn", "Open cases past their deadline"),
        CaseMeasure::DueSoon => ("Số hồ sơ đang mở sắp đến hạn", "Open cases whose deadline is near"),
        CaseMeasure::Opened => ("Số hồ sơ tiếp nhận", "Cases opened"),
        CaseMeasure::Closed => ("Số hồ sơ đã giải quyết", "Cases closed"),
        CaseMeasure::Reopened => ("Số hồ sơ mở lại", "Cases opened again"),
        CaseMeasure::Withdrawn => ("Số hồ sơ đã rút", "Cases withdrawn"),
        CaseMeasure::OnTime => (
            "Tỷ lệ giải quyết đúng hạn trong số hồ sơ có hạn đã giải quyết",
            "Share closed by their deadline, of the closed ones that have one",
        ),
        CaseMeasure::Satisfied => {
            ("Tỷ lệ hài lòng trong số hồ sơ đã giải quyết có trả lời", "Share satisfied, of the closed cases that were answered")
        }
        CaseMeasure::MedianAge => ("Trung vị tuổi của hồ sơ đang mở", "Median age of the open cases"),
        CaseMeasure::P90Age => ("Tuổi mà 90 % hồ sơ đang mở không vượt quá", "Age that 90 % of the open cases don't exceed"),
        CaseMeasure::MedianDuration => ("Trung vị thời gian giải quyết của hồ sơ đã giải quyết", "Median duration of the closed cases"),
        CaseMeasure::P90Duration => {
            ("Thời gian giải quyết mà 90 % hồ sơ đã giải quyết không vượt quá", "Duration that 90 % of the closed cases don't exceed")
        }
        CaseMeasure::Duration => ("Tổng thời gian của hồ sơ đã giải quyết", "Durations of the closed cases, added up"),
    };
    pick(language, vi, en)
}

fn allowance_in_words(allowance: Allowance, language: Language) -> String {
    let (vi, en) = match allowance.measured {
        Measured::WorkingDays => ("ngày làm việc", "working days"),
        Measured::WorkingHours => ("giờ làm việc", "office hours"),
        Measured::Days => ("ngày", "days"),
        Measured::Hours => ("giờ", "hours"),
    };
    format!("{} {}", allowance.count, pick(language, vi, en))
}
