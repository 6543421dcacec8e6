//! Ids of the rules that the product enforces; refusals, alarms and findings cite them.
//!
//! Whoever refuses, warns or reports names one of these, so that a reader can go from a sentence on the
//! panel to the regulation. What each asks is written in the rules' own document, never here.

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($variant:ident = $text:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RuleId {
            $(#[serde(rename = $text)] $variant,)*
        }

        impl RuleId {
            pub const ALL: &'static [RuleId] = &[$(RuleId::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(RuleId::$variant => $text,)*
                }
            }
        }
    };
}

rules! {
    R03 = "R-03", R08 = "R-08", R09 = "R-09", R10 = "R-10", R11 = "R-11", R12 = "R-12", R13 = "R-13",
    R14 = "R-14", R15 = "R-15", R16 = "R-16", R17 = "R-17", R18 = "R-18", R19 = "R-19", R20 = "R-20",
    R21 = "R-21", R22 = "R-22", R23 = "R-23", R24 = "R-24", R25 = "R-25", R26 = "R-26", R27 = "R-27",
    R29 = "R-29", R30 = "R-30", R31 = "R-31", R32 = "R-32", R33 = "R-33", R34 = "R-34", R35 = "R-35",
    R36 = "R-36",
}

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
