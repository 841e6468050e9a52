//! A definition in words: what is taken, over which stretch of time, and how it becomes one number.
//!
//! It must never leave out what changes the number: filters, weights and the way that series come together are said.

use super::cases;
use crate::kpi::{Across, Aggregate, Extreme, From, Period, Suspect, Window};
use crate::number::span;
use crate::text::Language;
use crate::{Definitions, Kpi, KpiId, Labels, MetricId, Text};

impl Kpi {
    /// How it is computed, in words.
    #[must_use]
    pub fn in_words(&self, definitions: &Definitions) -> Text {
        let say = |language| match &self.from {
            From::Observations { metric: id, aggregate, window, across, only, suspect, at_least, .. } => {
                let metric = metric_name(definitions, id, language);
                let unit = definitions.metric(id).map_or_else(String::new, |metric| metric.unit.symbol().get(language).to_owned());
                let (what, over) = (aggregate_in_words(aggregate, &unit, self.stale_s, language), window_in_words(*window, language));
                let together = across.map(|across| across_in_words(across, language));
                let conditions =
                    [filter_in_words(only, language), suspect_in_words(*suspect, language), least_in_words(*at_least, language)];
                [Some(format!("{what} {metric} {over}")), together].into_iter().chain(conditions).flatten().collect::<Vec<_>>()
            }
            From::Formula { text, operands, across, .. } => {
                let formula = format!("{} {}", pick(language, "Tính theo công thức", "Computed by the formula"), one_line(text));
                let named = operands.iter().map(|operand| kpi_name(definitions, &operand.kpi, language)).collect::<Vec<_>>().join(", ");
                let of = format!("{} {named}", pick(language, "từ", "from"));
                [Some(formula), Some(of), across.map(|across| extreme_in_words(across, language))].into_iter().flatten().collect()
            }
            From::Cases { kind, measure, window, terms } => cases::in_words(kind, *measure, *window, terms, language),
            From::Form(form) => vec![form.in_words(language)],
        };
        let join = |language| say(language).join("; ");
        Text { vi: join(Language::Vi), en: join(Language::En) }
    }
}

fn metric_name(definitions: &Definitions, id: &MetricId, language: Language) -> String {
    let title = definitions.metric(id).map(|metric| metric.title.get(language)).filter(|title| !title.is_empty());
    title.map_or_else(|| id.to_string(), |title| format!("“{title}” ({id})"))
}

fn kpi_name(definitions: &Definitions, id: &KpiId, language: Language) -> String {
    let title = definitions.kpi(id).map(|kpi| kpi.title.get(language)).filter(|title| !title.is_empty());
    title.map_or_else(|| id.to_string(), |title| format!("“{title}” ({id})"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn extreme_in_words(extreme: Extreme, language: Language) -> String {
    let (vi, en) = match extreme {
        Extreme::Max => ("tính riêng từng điểm đo rồi lấy giá trị lớn nhất", "each asset by itself, then the largest"),
        Extreme::Min => ("tính riêng từng điểm đo rồi lấy giá trị nhỏ nhất", "each asset by itself, then the smallest"),
    };
    pick(language, vi, en).to_owned()
}

fn aggregate_in_words(aggregate: &Aggregate, unit: &str, stale_s: u32, language: Language) -> String {
    let (vi, en) = match aggregate {
        Aggregate::Count => ("Số trị đo", "How many samples of"),
        Aggregate::Sum => ("Tổng", "Sum of"),
        Aggregate::Mean => ("Trung bình", "Mean of"),
        Aggregate::Min => ("Nhỏ nhất của", "Least of"),
        Aggregate::Max => ("Lớn nhất của", "Greatest of"),
        Aggregate::Last => ("Trị mới nhất của", "Newest of"),
        Aggregate::Increase => ("Mức tăng của các công tơ", "Increase of the counters"),
        Aggregate::Rate => ("Mức tăng theo thời gian của các công tơ", "Increase by time of the counters"),
        Aggregate::Median => ("Trung vị của", "Median of"),
        Aggregate::P90 => ("Phân vị 90 của", "90th percentile of"),
        Aggregate::P95 => ("Phân vị 95 của", "95th percentile of"),
        Aggregate::P99 => ("Phân vị 99 của", "99th percentile of"),
        Aggregate::TimeWeightedMean { hold_s } => {
            let hold = span(hold_s.unwrap_or(stale_s).into(), language);
            return match language {
                Language::Vi => format!("Trung bình theo thời gian (mỗi trị đo có giá trị đến trị sau, lâu nhất {hold}) của"),
                Language::En => format!("Mean over time (each value holds until the next one, for {hold} at most) of"),
            };
        }
        Aggregate::Distinct { label } => {
            return match language {
                Language::Vi => format!("Số “{label}” khác nhau có báo"),
                Language::En => format!("How many different “{label}” reported"),
            };
        }
        Aggregate::ShareAbove { limit } | Aggregate::ShareBelow { limit } => {
            let is_above = matches!(aggregate, Aggregate::ShareAbove { .. });
            let side = if is_above { pick(language, "trên", "above") } else { pick(language, "dưới", "below") };
            return match language {
                Language::Vi => format!("Tỷ lệ trị đo {side} {limit} {unit} của"),
                Language::En => format!("Share of samples {side} {limit} {unit} of"),
            };
        }
    };
    pick(language, vi, en).to_owned()
}

fn across_in_words(across: Across, language: Language) -> String {
    let (vi, en) = match across {
        Across::Sum => ("tính riêng từng chuỗi rồi cộng lại", "each series by itself, then the sum"),
        Across::Max => ("tính riêng từng chuỗi rồi lấy lớn nhất", "each series by itself, then the greatest"),
        Across::Min => ("tính riêng từng chuỗi rồi lấy nhỏ nhất", "each series by itself, then the least"),
        Across::Mean => ("tính riêng từng chuỗi rồi lấy trung bình", "each series by itself, then the mean"),
    };
    pick(language, vi, en).to_owned()
}

fn suspect_in_words(suspect: Suspect, language: Language) -> Option<String> {
    let words = pick(language, "bỏ qua các trị đo đáng ngờ", "suspect samples left out");
    (suspect == Suspect::Exclude).then(|| words.to_owned())
}

fn least_in_words(at_least: u32, language: Language) -> Option<String> {
    let words = match language {
        Language::Vi => format!("cần ít nhất {at_least} trị đo"),
        Language::En => format!("at least {at_least} samples needed"),
    };
    (at_least > 0).then_some(words)
}

pub(super) fn window_in_words(window: Window, language: Language) -> String {
    let period = |period: Period| {
        let (vi, en) = match period {
            Period::Hour => ("từ đầu giờ", "since the hour began"),
            Period::Day => ("từ đầu ngày", "since the day began"),
            Period::Week => ("từ đầu tuần", "since Monday"),
            Period::Month => ("từ đầu tháng", "since the month began"),
            Period::Year => ("từ đầu năm", "since the year began"),
        };
        pick(language, vi, en).to_owned()
    };
    match (window, language) {
        (Window::Calendar(one), _) => period(one),
        (Window::Sliding(seconds), Language::Vi) => format!("trong {} gần nhất", span(seconds.into(), language)),
        (Window::Sliding(seconds), Language::En) => format!("over the last {}", span(seconds.into(), language)),
    }
}

pub(super) fn filter_in_words(only: &Labels, language: Language) -> Option<String> {
    let labels: Vec<String> = only.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    (!labels.is_empty()).then(|| format!("{} {}", pick(language, "chỉ", "only"), labels.join(", ")))
}

pub(super) fn pick(language: Language, vi: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}
