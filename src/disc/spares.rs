//! Drives that no set is being written in (备用刻录机): the standby, and those whose set is complete.
//!
//! Shared by the slots' workers of one interview; `room` fills it. A worker that has no usable disc in its own
//! drive takes one from here that has, and leaves its own in exchange. A drive that is being looked at stands in
//! neither place, so no two ever speak to one drive, and no lock is held while a drive answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hardware::optical::Device;

/// The drives that are free.
#[derive(Debug, Default)]
pub struct Spares {
    drives: Mutex<Vec<Device>>,
    /// Slots without a disc to write on.
    wanting: AtomicUsize,
}

impl Spares {
    pub fn new(drives: impl IntoIterator<Item = Device>) -> Self {
        Self {
            drives: Mutex::new(drives.into_iter().collect()),
            wanting: AtomicUsize::new(0),
        }
    }

    /// A slot needs a disc; `found` follows.
    pub fn want(&self) {
        self.wanting.fetch_add(1, Ordering::AcqRel);
    }

    pub fn found(&self) {
        self.wanting.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanting.load(Ordering::Acquire) > 0
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Device>> {
        // A poisoned lock means that a holder panicked between two plain assignments: the data still holds.
        self.drives.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn give(&self, drive: Device) {
        let mut drives = self.lock();
        if !drives.contains(&drive) {
            drives.push(drive);
        }
    }

    /// Any free drive, whatever lies in it.
    pub fn take_any(&self) -> Option<Device> {
        let mut drives = self.lock();
        (!drives.is_empty()).then(|| drives.remove(0))
    }

    /// This drive, if it is free: a slot's open disc lies in it.
    pub fn take(&self, drive: &Device) -> bool {
        let mut drives = self.lock();
        let at = drives.iter().position(|free| free == drive);
        at.map(|at| drives.remove(at)).is_some()
    }

    /// The first drive that `suits`, with what was found out about it. Each is asked once, outside the lock.
    pub fn take_first<T>(&self, mut suits: impl FnMut(&Device) -> Option<T>) -> Option<(Device, T)> {
        let count = self.lock().len();
        for _ in 0..count {
            let drive = self.take_any()?;
            match suits(&drive) {
                Some(found) => return Some((drive, found)),
                None => self.give(drive),
            }
        }
        None
    }

    pub fn free(&self) -> Vec<Device> {
        self.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(number: u32) -> Device {
        Device::Drive(format!("/dev/sr{number}").into())
    }

    #[test]
    fn a_drive_that_suits_is_taken_and_the_others_stay_free() {
        let spares = Spares::new([drive(1), drive(2), drive(3)]);
        let taken = spares.take_first(|asked| (*asked == drive(2)).then_some("blank"));
        assert_eq!(taken, Some((drive(2), "blank")));
        assert_eq!(spares.free(), [drive(3), drive(1)]);
    }

    #[test]
    fn a_drive_that_is_looked_at_is_nobody_elses() {
        let spares = Spares::new([drive(1)]);
        spares.take_first(|_| {
            assert_eq!(spares.free(), []);
            None::<()>
        });
        assert_eq!(spares.free(), [drive(1)]);
    }

    #[test]
    fn a_drive_given_twice_is_one_drive() {
        let spares = Spares::default();
        spares.give(drive(1));
        spares.give(drive(1));
        assert_eq!((spares.take_any(), spares.take_any()), (Some(drive(1)), None));
    }
}
