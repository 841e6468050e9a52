//! The headline's sentence in both languages.
//!
//! It must never say "every figure" where one is unknown.

use super::{Exception, Tally};
use crate::number::count;
use crate::text::Language;

/// How many things the sentence names; it counts the others.
const NAMED: usize = 3;

/// The sentence, without a full stop.
pub(super) fn say(needs: &[&Exception], tally: &Tally, language: Language) -> String {
    let mut clauses = vec![if needs.is_empty() { calm(tally, language) } else { attention(needs, language) }];
    // Where nothing at all is known, that has been said.
    if tally.unknown > 0 && (tally.known > 0 || !needs.is_empty()) {
        clauses.push(counted(
            tally.unknown,
            ("chỉ số thiếu hoặc trễ số liệu", "figure old or missing", "figures old or missing"),
            language,
        ));
    }
    let partial = (tally.partial, ("chỉ số tính trên số liệu chưa đủ", "figure from partial data", "figures from partial data"));
    let off = (tally.off_target, ("chỉ số chưa đạt chỉ tiêu", "figure off target", "figures off target"));
    let late = (tally.late_sources, ("nguồn trễ", "late source", "late sources"));
    clauses.extend([partial, off, late].into_iter().filter(|(many, _)| *many > 0).map(|(many, words)| counted(many, words, language)));
    clauses.join("; ")
}

fn counted(many: usize, (vi, one, more): (&str, &str, &str), language: Language) -> String {
    let en = if many == 1 { one } else { more };
    format!("{} {}", count(u64::try_from(many).unwrap_or(u64::MAX), language), language.pick(vi, en))
}

fn attention(needs: &[&Exception], language: Language) -> String {
    let named: Vec<&str> = needs.iter().take(NAMED).map(|one| one.title.get(language)).collect();
    let rest = needs.len().saturating_sub(NAMED);
    let rest = match (rest, language) {
        (0, _) => String::new(),
        (rest, Language::Vi) => format!(" và {rest} việc khác"),
        (rest, Language::En) => format!(" and {rest} more"),
    };
    let head = counted(needs.len(), ("việc cần chú ý", "thing needs attention", "things need attention"), language);
    format!("{head}: {}{rest}", named.join(", "))
}

fn calm(tally: &Tally, language: Language) -> String {
    let number = |many: usize| count(u64::try_from(many).unwrap_or(u64::MAX), language);
    let known = number(tally.known);
    let all = number(tally.known + tally.unknown);
    match (tally.known, tally.unknown, language) {
        (0, 0, _) => language.pick("Không có việc nào cần chú ý", "Nothing needs attention").to_owned(),
        (0, _, _) => {
            language.pick("Chưa biết tình hình: không chỉ số nào có số liệu mới", "Not known: no figure has fresh data").to_owned()
        }
        (_, 0, _) => language.pick("Mọi chỉ số trong ngưỡng", "Every figure is within its limits").to_owned(),
        (_, _, Language::Vi) => format!("{known} trên {all} chỉ số trong ngưỡng"),
        (_, _, Language::En) => format!("{known} of {all} figures are within their limits"),
    }
}
