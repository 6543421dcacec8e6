//! Optical drives (刻录机): finding them, reading their medium's state, burning, reading back.
//!
//! Every action is one short-lived `xorriso` child per drive: libburn is GPL and a stuck drive call must cost
//! a child, not the recorder. `disc` is the only caller. What was measured, and the numbered cases that the
//! code cites as "disc case N", stand in the project's notes on optical discs.
//! Nothing here trusts an exit code alone: the medium's table of sessions is read again after each burn.

mod alone;
mod burn;
mod child;
mod device;
mod fault;
mod identify;
mod inspect;
mod mmc;
mod profile;
mod read_back;
mod recover;
mod toc;
mod tray;

pub use burn::{Adopted, Adoption, Base, Burn, Burnt, Closing, Gate, Mapping, adopt, burn};
pub use child::{ChildId, Progress, Xorriso};
pub use device::{Device, DeviceError};
pub use fault::DiscFault;
pub use identify::{Identity, identify};
pub use inspect::{Found, Medium, MediumState, discover, inspect};
pub use profile::{BLOCK_BYTES, MediumKind, Profile};
pub use read_back::{ListedFile, list_files, read_files};
pub use recover::{Recovery, recover};
pub use toc::{SessionEntry, Toc};
pub use tray::{Tray, eject, reload, tray};
