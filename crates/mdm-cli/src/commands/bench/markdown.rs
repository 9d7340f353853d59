//! The table of both sides.

use super::against_pytorch::Pair;
use super::clock::median;
use crate::grid::Machine;

/// The whole table, with the machine, PyTorch's device and our backend above it.
pub fn text(
    pairs: &[Pair],
    [device, backend]: [&str; 2],
    threads: usize,
    machine: &Machine,
) -> String {
    let mut text = format!(
        "{}. PyTorch on {device}, backend {backend}, {threads} threads on both sides, taken in turn. A ratio is PyTorch's time over ours (above 1: \
         faster here), its median over the rounds and the smallest and largest.\n\n\
         | workload | against | PyTorch, ms | here, ms | ratio | from, to | memory, PyTorch | here, MiB |\n\
         |---|---|---|---|---|---|---|---|\n",
        machine.sentence()
    );
    for pair in pairs {
        let least = pair.ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = pair.ratios.iter().copied().fold(0.0, f64::max);
        let memory = |mib: Option<u64>| mib.map_or("–".to_owned(), |mib| mib.to_string());
        text += &format!(
            "| {} | {} | {} | {} | {:.2} | {least:.2}, {most:.2} | {} | {} |\n",
            pair.workload,
            pair.variant,
            milliseconds(pair.pytorch_s),
            milliseconds(pair.rust_s),
            median(pair.ratios.clone()),
            memory(pair.pytorch_mib),
            memory(pair.rust_mib),
        );
    }
    text
}

fn milliseconds(seconds: f64) -> String {
    let ms = 1e3 * seconds;
    match ms {
        ms if ms < 10.0 => format!("{ms:.2}"),
        ms if ms < 100.0 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_both_sides() {
        let pair = Pair {
            workload: "tfn/inference".to_owned(),
            variant: "tuned".to_owned(),
            ratios: vec![1.5, 1.2, 1.4],
            pytorch_s: 0.0123,
            rust_s: 0.009,
            pytorch_mib: Some(900),
            rust_mib: None,
        };
        let text = text(&[pair], ["cpu", "flex"], 2, &Machine::new());
        let row = text.lines().last().unwrap();
        assert_eq!(
            row,
            "| tfn/inference | tuned | 12.3 | 9.00 | 1.40 | 1.20, 1.50 | 900 | – |"
        );
    }
}
