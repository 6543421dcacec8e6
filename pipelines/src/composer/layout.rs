//! Which camera stands where: the five layouts as rectangles, and how a picture fits into one.
//!
//! Pure arithmetic, asked by the composer when the layout or a camera's size changes. A slot that is not
//! configured leaves its insert out; where it would be the main picture, the slate stands in.

use crate::picture::Rect;
use crate::settings::{Layout, Slot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Fills its area, letterboxed; a slate when there is no camera.
    Main,
    /// Bordered, at the lower right of its area; left out when there is no camera.
    Insert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub slot: Slot,
    pub area: Rect,
    pub role: Role,
}

/// From the back to the front.
pub(crate) fn places(layout: Layout, width: usize, height: usize, configured: &[Slot]) -> Vec<Place> {
    let whole = Rect::even(0, 0, width, height);
    let main = |slot, area| Place {
        slot,
        area,
        role: Role::Main,
    };
    let insert = |slot, nth| Place {
        slot,
        area: insert_area(width, height, nth),
        role: Role::Insert,
    };
    let (half_width, half_height) = (width / 2, height / 2);
    let cell = |column: usize, row: usize| {
        let (x, y) = ((column * half_width) & !1, (row * half_height) & !1);
        // The far ones take what is left: half of an even number may be odd.
        let cell_width = if column == 0 { half_width } else { width - x };
        let cell_height = if row == 0 { half_height } else { height - y };
        Rect::even(x, y, cell_width, cell_height)
    };
    let half = |column: usize| Rect {
        height: height & !1,
        ..cell(column, 0)
    };
    let all = match layout {
        Layout::Interview => vec![main(Slot::Interviewee, whole), insert(Slot::Officer, 0)],
        Layout::InterviewRoom => {
            vec![
                main(Slot::Interviewee, whole),
                insert(Slot::Officer, 0),
                insert(Slot::Panorama, 1),
            ]
        }
        Layout::Evidence => {
            vec![
                main(Slot::Evidence, whole),
                insert(Slot::Officer, 0),
                insert(Slot::Interviewee, 1),
            ]
        }
        Layout::SideBySide => vec![main(Slot::Interviewee, half(0)), main(Slot::Officer, half(1))],
        Layout::Quad => vec![
            main(Slot::Interviewee, cell(0, 0)),
            main(Slot::Officer, cell(1, 0)),
            main(Slot::Panorama, cell(0, 1)),
            main(Slot::Evidence, cell(1, 1)),
        ],
    };
    let shown = |place: &Place| place.role == Role::Main || configured.contains(&place.slot);
    all.into_iter().filter(shown).collect()
}

/// A quarter of the picture's width, stacked upwards from the lower right corner.
fn insert_area(width: usize, height: usize, nth: usize) -> Rect {
    let margin = width / 48;
    let (insert_width, insert_height) = (width / 4, height / 4);
    let up = (nth + 1) * (insert_height + margin);
    Rect::even(
        width - insert_width - margin,
        height.saturating_sub(up),
        insert_width,
        insert_height,
    )
}

/// The largest rectangle of the shape `width` × `height` (square pixels) in `area`: in the middle for a main
/// picture, at the lower right for an insert, so that its corner stays where it is.
pub(crate) fn fit(area: Rect, role: Role, width: u64, height: u64) -> Rect {
    let (width, height) = (width.max(1), height.max(1));
    let (area_width, area_height) = (area.width as u64, area.height as u64);
    let (w, h) = if width * area_height >= height * area_width {
        (area_width, area_width * height / width)
    } else {
        (area_height * width / height, area_height)
    };
    // A pixel of rounding must not turn a full picture into a scaled one.
    let near = |got: u64, whole: u64| if whole.abs_diff(got) <= 2 { whole } else { got };
    let (w, h) = (
        near(w, area_width).max(2) as usize,
        near(h, area_height).max(2) as usize,
    );
    let (spare_x, spare_y) = (area.width.saturating_sub(w), area.height.saturating_sub(h));
    match role {
        Role::Main => Rect::even(area.x + spare_x / 2, area.y + spare_y / 2, w, h),
        Role::Insert => Rect::even(area.x + spare_x, area.y + spare_y, w, h),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unconfigured_slot_leaves_its_insert_out_but_never_the_main_picture() {
        let slots = |layout, configured: &[Slot]| {
            places(layout, 1920, 1080, configured)
                .iter()
                .map(|p| p.slot)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            slots(Layout::InterviewRoom, &[Slot::Officer]),
            [Slot::Interviewee, Slot::Officer]
        );
        assert_eq!(slots(Layout::Evidence, &[]), [Slot::Evidence]);
        assert_eq!(slots(Layout::Quad, &[]).len(), 4);
    }

    #[test]
    fn every_place_lies_inside_the_picture_on_even_pixels() {
        for layout in [
            Layout::InterviewRoom,
            Layout::Evidence,
            Layout::SideBySide,
            Layout::Quad,
        ] {
            for (width, height) in [(320, 180), (640, 360), (1280, 720), (1920, 1080), (3840, 2160)] {
                for place in places(layout, width, height, &Slot::ALL) {
                    let Rect {
                        x,
                        y,
                        width: w,
                        height: h,
                    } = place.area;
                    assert!(
                        x + w <= width && y + h <= height && (x | y | w | h) & 1 == 0,
                        "{place:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn cells_leave_no_strip_unpainted_where_a_half_is_odd() {
        for layout in [Layout::SideBySide, Layout::Quad] {
            for (width, height) in [(1366, 770), (1920, 1080), (322, 182)] {
                let cells = places(layout, width, height, &Slot::ALL);
                let painted: usize = cells.iter().map(|p| p.area.width * p.area.height).sum();
                assert_eq!(painted, width * height, "{cells:?}");
            }
        }
    }

    #[test]
    fn other_shapes_are_letterboxed_and_the_same_shape_fills() {
        let area = Rect::even(0, 0, 1920, 1080);
        assert_eq!(fit(area, Role::Main, 1280, 720), area);
        assert_eq!(fit(area, Role::Main, 640, 480), Rect::even(240, 0, 1440, 1080));
        let insert = Rect::even(1400, 780, 480, 270);
        assert_eq!(
            fit(insert, Role::Insert, 640, 480),
            Rect::even(1520, 780, 360, 270)
        );
        assert_eq!(fit(insert, Role::Insert, 704, 396), insert);
    }
}
