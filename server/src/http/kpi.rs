//! A KPI and a scope as an address names them.
//!
//! It must never answer for a figure that is not computed.

use super::refusal::Refusal;
use std::sync::Arc;
use taydo_model::{Definitions, ErrorCode, Kpi, KpiId, Scope, Text};

/// The KPI, if it is defined and computed for the scope.
pub(super) fn find<'a>(definitions: &'a Definitions, id: &str, scope: &Scope) -> Result<&'a Arc<Kpi>, Refusal> {
    let found = KpiId::new(id).ok().and_then(|id| definitions.kpi(&id));
    let kpi = found.ok_or_else(|| Refusal::missing("chỉ số", "KPI", id))?;
    let said =
        || Text { vi: format!("{} không được tính cho {scope}", kpi.id), en: format!("{} is not computed for {scope}", kpi.id) };
    if kpi.covers(scope) { Ok(kpi) } else { Err(Refusal::both(ErrorCode::Invalid, said())) }
}
