//! A summary as text, and as tables to set in another form.

use std::fmt;

use super::summary::Summary;
use super::table::Table;
use crate::corpus::dims_line;

impl Summary {
    /// The tables that [`fmt::Display`] prints: label classes, lengths, values that are no numbers.
    pub fn tables(&self) -> [Table; 3] {
        [self.label_table(), self.length_table(), self.value_table()]
    }

    /// The dims in one line, such as `language 50, audio 73`.
    pub fn dims(&self) -> String {
        dims_line(&self.modalities)
    }

    fn label_table(&self) -> Table {
        let header = [
            "split",
            "utterances",
            "words",
            "-3",
            "-2",
            "-1",
            "0",
            "1",
            "2",
            "3",
            "mean",
        ];
        let mut table = Table::new("utterances per split and label class", &header);
        for split in &self.splits {
            let mut row = vec![
                split.split.to_string(),
                split.utterances.to_string(),
                split.words.to_string(),
            ];
            row.extend(split.label_histogram.iter().map(usize::to_string));
            let mean = split.labels.map(|labels| format!("{:.3}", labels.mean));
            row.push(mean.unwrap_or_else(|| "-".into()));
            table.rows.push(row);
        }
        table
    }

    fn length_table(&self) -> Table {
        let header = ["split", "modality", "min", "median", "mean", "max"];
        let mut table = Table::new("steps per utterance", &header);
        for split in &self.splits {
            for length in &split.lengths {
                table.rows.push(vec![
                    split.split.to_string(),
                    length.modality.to_string(),
                    length.min.to_string(),
                    format!("{:.1}", length.median),
                    format!("{:.2}", length.mean),
                    length.max.to_string(),
                ]);
            }
        }
        table
    }

    fn value_table(&self) -> Table {
        let header = [
            "modality", "values", "NaN", "+inf", "-inf", "was NaN", "was +inf", "was -inf",
        ];
        let title = "values (\"was\": replaced by 0 when the corpus was prepared)";
        let mut table = Table::new(title, &header);
        for v in &self.values {
            let counts = [
                v.values,
                v.nan,
                v.positive_infinite,
                v.negative_infinite,
                v.replaced_nan,
                v.replaced_positive_infinite,
                v.replaced_negative_infinite,
            ];
            let mut row = vec![v.modality.to_string()];
            row.extend(counts.iter().map(u64::to_string));
            table.rows.push(row);
        }
        table
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "corpus      {}", self.name)?;
        writeln!(f, "dims        {}", self.dims())?;
        writeln!(f, "aligned     {}", if self.aligned { "yes" } else { "no" })?;
        for table in self.tables() {
            write!(f, "\n{}\n{table}", table.title)?;
        }
        if !self.warnings.is_empty() {
            writeln!(f, "\nwarnings")?;
            for warning in &self.warnings {
                writeln!(f, "  {warning}")?;
            }
        }
        Ok(())
    }
}
