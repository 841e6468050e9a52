//! How a device's samples travel: by which of the city's sources, and in which form.
//!
//! The sources say it: a device belongs to the first one whose mapping names something that it measures.

use super::lines::LineNames;
use std::sync::Arc;
use taydo_model::{
    Asset, Definitions, SourceId,
    source::{Body, Field, Source, TopicPattern, Way},
};

/// The way of one source.
#[derive(Debug)]
pub(super) enum Route {
    /// Each sample is a message of a broker.
    Messages(Messages),
    /// Samples are lines of line protocol.
    Lines { source: SourceId, names: LineNames },
}

/// What a source of messages wants.
#[derive(Debug)]
pub(super) struct Messages {
    pub(super) topic: TopicPattern,
    pub(super) fields: Vec<Field>,
}

/// All ways of a city.
#[derive(Debug)]
pub(super) struct Routes(Vec<(Arc<Source>, Arc<Route>)>);

impl Routes {
    /// The sources that devices can send to. One that maps nothing, such as the history's, is no device's.
    pub(super) fn of(definitions: &Definitions) -> Self {
        let route = |source: &Arc<Source>| {
            let route = match &source.way {
                Way::Mqtt { topic, body: Body::Fields(fields) } => {
                    Route::Messages(Messages { topic: topic.clone(), fields: fields.clone() })
                }
                Way::Line { fields } if !fields.is_empty() => {
                    Route::Lines { source: source.id.clone(), names: LineNames::of(source, definitions)? }
                }
                _ => return None,
            };
            Some((Arc::clone(source), Arc::new(route)))
        };
        Self(definitions.sources.iter().filter_map(route).collect())
    }

    /// The source that an asset's samples go to.
    pub(super) fn source(&self, asset: &Asset) -> Option<&SourceId> {
        self.find(asset).map(|(source, _)| &source.id)
    }

    /// The way of an asset's samples.
    pub(super) fn route(&self, asset: &Asset) -> Option<&Arc<Route>> {
        self.find(asset).map(|(_, route)| route)
    }

    fn find(&self, asset: &Asset) -> Option<&(Arc<Source>, Arc<Route>)> {
        self.0.iter().find(|(source, _)| fields(source).iter().any(|field| asset.metrics.contains(&field.metric)))
    }
}

fn fields(source: &Source) -> &[Field] {
    match &source.way {
        Way::Mqtt { body: Body::Fields(fields), .. } | Way::Line { fields } => fields,
        _ => &[],
    }
}
