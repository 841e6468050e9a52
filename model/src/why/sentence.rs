//! An explanation in one sentence, in both languages.
//!
//! It must never say more than the page it is made from: every number in it stands there.

use super::{Flow, FlowPart, Named, WhyPage};
use crate::kpi::{CaseMeasure, From};
use crate::number::{difference, number};
use crate::text::Language;
use crate::{Kpi, Text};

/// How many parts a sentence names of one split.
const NAMED: usize = 2;

impl WhyPage {
    /// The page's content in one sentence: from what to what, by what, whose data is late.
    #[must_use]
    pub fn in_words(&self, kpi: &Kpi) -> Text {
        Text { vi: self.say(kpi, Language::Vi), en: self.say(kpi, Language::En) }
    }

    fn say(&self, kpi: &Kpi, language: Language) -> String {
        let mut clauses = vec![self.change_in_words(kpi, language)];
        if let Some(flows) = &self.flows {
            clauses.extend(flow_in_words(kpi, &flows.total, flows.corrected, language));
        }
        clauses.extend(self.parts_in_words(kpi, language));
        clauses.extend(late_in_words(&self.late, language));
        format!("{}.", clauses.join("; "))
    }

    fn change_in_words(&self, kpi: &Kpi, language: Language) -> String {
        let title = kpi.title.get(language);
        let figure = |value: f64| number(value, kpi.decimals, language);
        let (Some(before), Some(after), Some(change)) = (self.before.value, self.after.value, self.change) else {
            let text = pick(
                language,
                "không so sánh được, vì thiếu số liệu ở một trong hai thời điểm",
                "can't be compared: one of the two moments has no figure",
            );
            return format!("{title}: {text}");
        };
        let unit = kpi.unit.symbol();
        // The difference of the figures as they are written, so that whoever subtracts them finds it.
        let scale = 10_f64.powi(i32::from(kpi.decimals));
        let shown = ((after * scale).round() - (before * scale).round()) / scale;
        let amount = with_unit(&figure(shown.abs()), unit.get(language));
        let (was, is) = (figure(before), figure(after));
        if was == is {
            return format!("{title} {} {}", pick(language, "không đổi, ở mức", "is unchanged at"), with_unit(&is, unit.get(language)));
        }
        match (language, change > 0.0) {
            (Language::Vi, true) => format!("{title} tăng {amount}, từ {was} lên {is}"),
            (Language::Vi, false) => format!("{title} giảm {amount}, từ {was} xuống {is}"),
            (Language::En, true) => format!("{title} rose by {amount}, from {was} to {is}"),
            (Language::En, false) => format!("{title} fell by {amount}, from {was} to {is}"),
        }
    }

    /// The parts that moved it most, in the direction of the change.
    fn parts_in_words(&self, kpi: &Kpi, language: Language) -> Option<String> {
        let change = self.change.filter(|change| *change != 0.0)?;
        let split = |by: &str| self.splits.iter().find(|split| split.by == by);
        let of_split = split("department").or_else(|| split("area")).or_else(|| split("asset"));
        let mut named: Vec<String> = Vec::new();
        if let Some(split) = of_split {
            let parts = split.parts.iter().filter(|part| part.contribution * change > 0.0);
            let said = parts.take(NAMED).map(|part| (&part.of, difference(part.contribution, kpi.decimals, language)));
            named.extend(said.filter(|(_, by)| is_not_zero(by)).map(|(of, by)| format!("{} ({by})", of.name.get(language))));
        }
        let procedures = self.flows.iter().flat_map(|flows| &flows.by_procedure).filter(|part| part.flow.net() * change > 0.0);
        named.extend(procedures.take(1).map(|part| procedure(part, language)));
        let lead = pick(language, "nhiều nhất do", "mostly");
        (!named.is_empty()).then(|| format!("{lead} {}", named.join(", ")))
    }
}

fn procedure(part: &FlowPart, language: Language) -> String {
    let by = difference(part.flow.net(), 0, language);
    format!("{} {} ({by})", pick(language, "thủ tục", "procedure"), part.of.name.get(language))
}

fn flow_in_words(kpi: &Kpi, flow: &Flow, corrected: f64, language: Language) -> Option<String> {
    #[allow(clippy::cast_precision_loss)]
    let amount = |count: u64| number(count as f64, 0, language);
    let (entered_vi, entered_en) = match &kpi.from {
        From::Cases { measure: CaseMeasure::Overdue, .. } => ("mới quá hạn", "newly overdue"),
        _ => ("mới", "new"),
    };
    let counted = [
        (flow.entered, entered_vi, entered_en),
        (flow.closed, "đã giải quyết", "done"),
        (flow.withdrawn, "rút", "withdrawn"),
        (flow.reopened, "mở lại", "reopened"),
    ];
    let mut said: Vec<String> = counted
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, vi, en)| match language {
            Language::Vi => format!("{vi} {}", amount(count)),
            Language::En => format!("{} {en}", amount(count)),
        })
        .collect();
    if corrected != 0.0 {
        said.push(format!("{} {}", pick(language, "hiệu chỉnh", "corrected by"), difference(corrected, 0, language)));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

fn late_in_words(late: &[Named], language: Language) -> Option<String> {
    if late.is_empty() {
        return None;
    }
    let names: Vec<&str> = late.iter().map(|one| one.name.get(language)).collect();
    Some(match language {
        Language::Vi => format!("dữ liệu của {} đến chậm", names.join(", ")),
        Language::En => format!("data of {} is late", names.join(", ")),
    })
}

fn pick(language: Language, vi: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

fn with_unit(figure: &str, unit: &str) -> String {
    match unit {
        "" => figure.to_owned(),
        "%" => format!("{figure}%"),
        unit => format!("{figure} {unit}"),
    }
}

fn is_not_zero(figure: &str) -> bool {
    figure.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
}
