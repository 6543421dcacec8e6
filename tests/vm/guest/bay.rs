//! A slot's drive and its pile of discs: `plates/a/001` is the first disc that was ever put into slot A.
//!
//! The drive answers on a thread of its own. A disc that is over is taken out and the next blank put in, as the
//! officer would do it; the pile keeps every disc for the judge.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use drive_model::tcmu::Backstore;
use drive_model::{Blank, Drive, Medium, Settings};

use super::PLATES;
use crate::said::Order;

/// A batch takes about as long to write as xorriso takes around it, so that a plug pulled during a burn often finds
/// the laser on.
const WRITE_KB_PER_S: u32 = 256;
/// In proportion to the small disc.
const GAP_BLOCKS: u32 = 256;

pub struct Bay {
    pile: PathBuf,
    drive: Arc<Mutex<Drive>>,
    pub node: PathBuf,
}

impl Bay {
    /// The slot's newest disc in a drive; the first one, if there is none.
    pub fn with_newest(index: u8, slot: &str, order: &Order) -> Self {
        let pile = Path::new(PLATES).join(slot);
        let newest = pile_of(slot).pop().unwrap_or_else(|| add_blank(&pile, 1, order));
        let (drive, node) = attach(index, &newest);
        Self { pile, drive, node }
    }

    pub fn newest_number(&self) -> u32 {
        u32::try_from(numbered(&self.pile).len()).unwrap()
    }

    pub fn insert_blank(&self, order: &Order) {
        let blank = add_blank(&self.pile, self.newest_number() + 1, order);
        *self.drive.lock().unwrap() = Drive::open(&blank).unwrap();
    }
}

/// The slot's discs in the order in which they were put in.
pub fn pile_of(slot: &str) -> Vec<PathBuf> {
    numbered(&Path::new(PLATES).join(slot))
}

/// A drive with this disc, at its node. Whoever switches a machine on pushes in what stands open.
pub fn attach(index: u8, disc: &Path) -> (Arc<Mutex<Drive>>, PathBuf) {
    Drive::push_tray(disc).unwrap();
    let drive = Arc::new(Mutex::new(Drive::open(disc).unwrap()));
    let (backstore, ring) = Backstore::create(index).unwrap();
    let served = Arc::clone(&drive);
    thread::spawn(move || {
        let ended =
            ring.serve(&mut |cdb, data_out, data_in| served.lock().unwrap().command(cdb, data_out, data_in));
        println!("the ring of drive {index} ended: {ended:?}");
    });
    (drive, backstore.attach().unwrap())
}

fn numbered(pile: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(pile).into_iter().flatten().flatten();
    let mut discs: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none())
        .collect();
    discs.sort();
    discs
}

/// Renamed into its place when it is whole: the plug may be pulled here too.
fn add_blank(pile: &Path, number: u32, order: &Order) -> PathBuf {
    let place = pile.join(format!("{number:03}"));
    let draft = place.with_extension("draft");
    let _ = fs::remove_dir_all(&draft);
    fs::create_dir_all(&draft).unwrap();
    Blank::new(medium(&order.medium))
        .capacity(order.capacity_blocks)
        .gaps(GAP_BLOCKS, GAP_BLOCKS)
        .insert(&draft)
        .unwrap();
    // Not `durable`: the folder lies on the host, which does not lose its power.
    let settings = Settings {
        write_kb_per_s: Some(WRITE_KB_PER_S),
        ..Settings::default()
    };
    Drive::configure(&draft, &settings).unwrap();
    fs::rename(&draft, &place).unwrap();
    place
}

fn medium(name: &str) -> Medium {
    match name {
        "DVD+R" => Medium::DvdPlusR,
        "DVD-R" => Medium::DvdR,
        "BD-R" => Medium::BdR,
        other => panic!("no medium `{other}`"),
    }
}
