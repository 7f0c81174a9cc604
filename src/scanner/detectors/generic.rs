//! The end of the chain: a repository without any manifest is one project.

use super::{Detector, FileName, Finding, Manifest, Unreadable};

pub(super) struct Generic;

impl Detector for Generic {
    fn kind(&self) -> &'static str {
        "generic"
    }

    fn reads(&self, _: FileName<'_>) -> bool {
        false
    }

    fn read(&self, _: FileName<'_>, _: &str) -> Result<Finding, Unreadable> {
        Ok(Finding::addition(Manifest::default()))
    }

    fn is_fallback(&self) -> bool {
        true
    }
}
