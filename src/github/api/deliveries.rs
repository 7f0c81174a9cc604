//! GitHub's log of deliveries, and asking for one again.

use super::{Api, ApiError, Cursor};
use crate::github::{
    FullName,
    model::{DeliveryDetail, HookDelivery},
};

/// Whose deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookPlace {
    /// The App's, by a token of the App itself.
    App,
    Repository(FullName, i64),
}

impl HookPlace {
    fn deliveries(&self) -> String {
        match self {
            Self::App => "/app/hook/deliveries".to_owned(),
            Self::Repository(name, hook) => format!("/repos/{name}/hooks/{hook}/deliveries"),
        }
    }
}

impl Cursor<HookDelivery> {
    /// The attempts of the last three days (on an Enterprise Server seven), newest first.
    pub fn deliveries(of: &HookPlace) -> Self {
        Self::to(format!("{}?per_page=100", of.deliveries()))
    }
}

impl Api<'_> {
    /// One attempt with what it carried.
    pub async fn delivery(&self, of: &HookPlace, id: i64) -> Result<DeliveryDetail, ApiError> {
        self.get(&format!("{}/{id}", of.deliveries())).await
    }

    /// Asks for another attempt, which comes under the same GUID.
    pub async fn redeliver(&self, of: &HookPlace, id: i64) -> Result<(), ApiError> {
        let path = format!("{}/{id}/attempts", of.deliveries());
        self.trigger(&path).await
    }
}
