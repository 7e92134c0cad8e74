//! Goes through all scans of a JPEG picture as a decoder would, without making pixels. ITU-T T.81, annexes F and G.

use super::bits::{Bits, Huffman};
use super::flaw::Flaw;
use super::frame::{Component, Frame};
use super::segments::{START_OF_SCAN, Segment, Segments};
use std::ops::RangeInclusive;

const HUFFMAN_TABLES: u8 = 0xc4;
const RESTART_INTERVAL: u8 = 0xdd;

/// More scans than any encoder writes; the decoder refuses such files.
const MAX_SCANS: usize = 100;

/// What segments have said so far.
#[derive(Default)]
struct State {
    frame: Option<Frame>,
    /// For the first and for the other coefficients, four each.
    tables: [[Option<Huffman>; 4]; 2],
    /// Units between restart markers; 0 for none.
    interval: usize,
}

/// Checks that a file that is tidy has all the data that its header announces. The size must have been checked
/// before. Kinds of JPEG that are not known here pass.
pub(in crate::data) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut state = State::default();
    let mut segments = Segments::new(bytes);
    let mut scans = 0;
    while let Some(Segment { code, body, scan }) = segments.next()? {
        match code {
            HUFFMAN_TABLES => state.tables(body)?,
            RESTART_INTERVAL => state.interval = body.iter().fold(0, |sum, &byte| (sum << 8) | usize::from(byte)),
            START_OF_SCAN => {
                scans += 1;
                if state.frame.is_none() || scans > MAX_SCANS {
                    return Ok(());
                }
                state.scan(body, scan)?;
            }
            _ => {
                if let Some(frame) = Frame::read(code, body)? {
                    state.frame = Some(frame);
                }
            }
        }
    }
    if state.frame.is_none_or(|frame| frame.is_complete()) { Ok(()) } else { Err(Flaw::CutOff) }
}

impl State {
    fn tables(&mut self, mut body: &[u8]) -> Result<(), Flaw> {
        while let Some((&place, rest)) = body.split_first() {
            let (counts, rest) = rest.split_at_checked(16).ok_or(Flaw::Damaged)?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols).ok_or(Flaw::Damaged)?;
            let row = self.tables.get_mut(usize::from(place >> 4)).ok_or(Flaw::Damaged)?;
            *row.get_mut(usize::from(place & 15)).ok_or(Flaw::Damaged)? = Some(Huffman::new(counts, symbols)?);
            body = rest;
        }
        Ok(())
    }

    fn scan(&mut self, body: &[u8], data: &[u8]) -> Result<(), Flaw> {
        let Some(frame) = &mut self.frame else { return Ok(()) };
        let (&count, rest) = body.split_first().ok_or(Flaw::Damaged)?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(Flaw::Damaged)?;
        let &[first, last, bits] = rest else { return Err(Flaw::Damaged) };
        let mut members = Vec::new();
        for part in parts.chunks_exact(2) {
            let index = frame.components.iter().position(|component| component.id == part[0]).ok_or(Flaw::Damaged)?;
            members.push(Member { index, first: (part[1] >> 4).into(), others: (part[1] & 15).into() });
        }
        let (is_progressive, units) = (frame.is_progressive, frame.units);
        let (first, last, low) = if is_progressive { (first, last, bits & 15) } else { (0, 63, 0) };
        if members.is_empty() || last > 63 || first > last || (first > 0 && members.len() > 1) {
            return Err(Flaw::Damaged);
        }
        let mut scan = Scan {
            is_progressive,
            band: first.into()..=last.into(),
            is_refining: is_progressive && bits >> 4 > 0,
            tables: &self.tables,
            bits: Bits::new(data),
            end_of_band: 0,
        };
        scan.run(&mut frame.components, &members, units, self.interval)?;
        for member in members {
            frame.components[member.index].low_bits[first.into()..=last.into()].fill(low);
        }
        Ok(())
    }
}

/// A component in a scan, with the tables of its codes.
struct Member {
    index: usize,
    first: usize,
    others: usize,
}

/// A scan on the way.
struct Scan<'a> {
    is_progressive: bool,
    /// The first and the last coefficient that it brings.
    band: RangeInclusive<usize>,
    /// Whether it brings one more bit of coefficients that have come before.
    is_refining: bool,
    tables: &'a [[Option<Huffman>; 4]; 2],
    bits: Bits<'a>,
    /// Blocks that bring nothing more.
    end_of_band: usize,
}

impl<'a> Scan<'a> {
    fn run(
        &mut self,
        components: &mut [Component],
        members: &[Member],
        units: (usize, usize),
        interval: usize,
    ) -> Result<(), Flaw> {
        let alone = members.len() == 1;
        let (across, down) = if alone { components[members[0].index].blocks } else { units };
        for unit in 0..across * down {
            if interval > 0 && unit > 0 && unit % interval == 0 {
                self.bits.restart()?;
                self.end_of_band = 0;
            }
            for member in members {
                let component = &mut components[member.index];
                let blocks = if alone { 1 } else { component.sampling.0 * component.sampling.1 };
                for _ in 0..blocks {
                    let done = self.block(component, member, unit);
                    // Data that ends at the marker of a restart has lost something in its middle.
                    done.map_err(|flaw| if self.bits.at_marker() { Flaw::Damaged } else { flaw })?;
                }
            }
        }
        Ok(())
    }

    fn table(&self, kind: usize, index: usize) -> Result<&'a Huffman, Flaw> {
        self.tables[kind].get(index).and_then(Option::as_ref).ok_or(Flaw::Damaged)
    }

    fn block(&mut self, component: &mut Component, member: &Member, block: usize) -> Result<(), Flaw> {
        if !self.is_progressive {
            self.first(member)?;
            let mut all = 0;
            return self.others(member, 1..=63, &mut all);
        }
        if *self.band.start() == 0 {
            return if self.is_refining { self.bits.take(1).map(|_| ()) } else { self.first(member) };
        }
        if component.present.is_empty() {
            component.present = vec![0; component.blocks.0 * component.blocks.1];
        }
        let present = component.present.get_mut(block).ok_or(Flaw::Damaged)?;
        if self.is_refining { self.refine(member, present) } else { self.others(member, self.band.clone(), present) }
    }

    /// The first coefficient: its size, then so many bits.
    fn first(&mut self, member: &Member) -> Result<(), Flaw> {
        let size = self.table(0, member.first)?.symbol(&mut self.bits)?;
        if size > 16 {
            return Err(Flaw::Damaged);
        }
        self.bits.take(size.into()).map(|_| ())
    }

    /// The other coefficients, or a band of them: how many zeros to pass over, a size, then so many bits.
    fn others(&mut self, member: &Member, band: RangeInclusive<usize>, present: &mut u64) -> Result<(), Flaw> {
        if self.end_of_band > 0 {
            self.end_of_band -= 1;
            return Ok(());
        }
        let table = self.table(1, member.others)?;
        let mut at = *band.start();
        while at <= *band.end() {
            let symbol = table.symbol(&mut self.bits)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && zeros < 15 {
                self.end_of_band = self.run_of_blocks(zeros)? - 1;
                break;
            }
            self.bits.take(size)?;
            at += zeros;
            if size > 0 && at < 64 {
                *present |= 1 << at;
            }
            at += 1;
        }
        Ok(())
    }

    /// For how many blocks, this one among them, nothing more comes.
    fn run_of_blocks(&mut self, size: usize) -> Result<usize, Flaw> {
        Ok((1 << size) + self.bits.take(u32::try_from(size).unwrap_or(0))?)
    }

    /// One more bit of each coefficient that is there, and between them new ones.
    fn refine(&mut self, member: &Member, present: &mut u64) -> Result<(), Flaw> {
        let (mut at, last) = self.band.clone().into_inner();
        if self.end_of_band == 0 {
            let table = self.table(1, member.others)?;
            while at <= last {
                let symbol = table.symbol(&mut self.bits)?;
                let (mut zeros, is_new) = (usize::from(symbol >> 4), symbol & 15 > 0);
                if is_new {
                    self.bits.take(1)?;
                } else if zeros < 15 {
                    self.end_of_band = self.run_of_blocks(zeros)?;
                    break;
                }
                while at <= last {
                    if *present >> at & 1 == 1 {
                        self.bits.take(1)?;
                    } else if zeros == 0 {
                        break;
                    } else {
                        zeros -= 1;
                    }
                    at += 1;
                }
                if is_new && at < 64 {
                    *present |= 1 << at;
                }
                at += 1;
            }
        }
        if self.end_of_band > 0 {
            let rest = if at <= last { (*present >> at << at) & (u64::MAX >> (63 - last)) } else { 0 };
            for _ in 0..rest.count_ones() {
                self.bits.take(1)?;
            }
            self.end_of_band -= 1;
        }
        Ok(())
    }
}
