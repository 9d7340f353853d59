//! Which columns of a table make up a variable.

use std::collections::HashMap;
use std::path::Path;

use super::unknown;
use crate::error::Error;

/// A name taken apart: `x_0` is number 0 of `x`.
struct Numbered<'a> {
    stem: &'a str,
    number: u64,
    /// Whether something stands between stem and number: in `x_0`, `x.0` and `x[0]`, but not in `x0`.
    set_apart: bool,
}

impl<'a> Numbered<'a> {
    fn new(stem: &'a str, digits: &str, set_apart: bool) -> Option<Self> {
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        (is_number && !stem.is_empty()).then(|| Self {
            stem,
            // A number beyond u64 leaves a gap in any case.
            number: digits.parse().unwrap_or(u64::MAX),
            set_apart,
        })
    }

    /// All readings of a name. `x_0` is number 0 of `x`, but also of `x_`. The number is the whole run of digits, so
    /// that `x10` does not belong to `x1`.
    fn readings(name: &'a str) -> impl Iterator<Item = Self> {
        let in_brackets = name
            .strip_suffix(']')
            .and_then(|name| name.rsplit_once('['))
            .and_then(|(stem, digits)| Self::new(stem, digits, true));
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &name[stem.len()..];
        let separated = stem
            .strip_suffix(['_', '.'])
            .and_then(|stem| Self::new(stem, digits, true));
        let joined = Self::new(stem, digits, false);
        [in_brackets, separated, joined].into_iter().flatten()
    }
}

/// The columns whose names are one stem and a number.
#[derive(Default)]
struct Group {
    /// Number and column.
    members: Vec<(u64, usize)>,
    /// Whether a member has its number right behind the stem.
    joined: bool,
}

/// The columns of a table, found by name and by stem.
struct Columns<'a> {
    names: &'a [String],
    exact: HashMap<&'a str, Vec<usize>>,
    groups: HashMap<&'a str, Group>,
}

impl<'a> Columns<'a> {
    fn new(names: &'a [String]) -> Self {
        let mut exact: HashMap<_, Vec<_>> = HashMap::new();
        let mut groups: HashMap<_, Group> = HashMap::new();
        for (column, name) in names.iter().enumerate() {
            // A column without a name, such as the index that pandas writes, cannot be asked for.
            if !name.is_empty() {
                exact.entry(name.as_str()).or_default().push(column);
            }
            for reading in Numbered::readings(name) {
                let group = groups.entry(reading.stem).or_default();
                group.members.push((reading.number, column));
                group.joined |= !reading.set_apart;
            }
        }
        Self {
            names,
            exact,
            groups,
        }
    }

    /// The columns of a variable, in order; `None` where there are none.
    fn of(&self, variable: &str, path: &Path) -> Result<Option<Vec<usize>>, Error> {
        let wrong = |expected: &str, found: String| {
            Error::samples(path, format!("variable {variable}"), expected, found)
        };
        if let Some(columns) = self.exact.get(variable) {
            return match columns.len() {
                1 => Ok(Some(columns.clone())),
                n => Err(wrong("one column of this name", n.to_string())),
            };
        }
        let Some(group) = self.groups.get(variable) else {
            return Ok(None);
        };
        let mut members = group.members.clone();
        members.sort_unstable();
        let name = |&(_, column): &(u64, usize)| &self.names[column];
        if members[0].0 > 1 {
            let found = format!("{} as the first", name(&members[0]));
            return Err(wrong("columns numbered from 0 or 1", found));
        }
        if let Some(pair) = members.windows(2).find(|pair| pair[1].0 - pair[0].0 != 1) {
            let found = format!("{} followed by {}", name(&pair[0]), name(&pair[1]));
            return Err(wrong("columns numbered one by one", found));
        }
        Ok(Some(members.into_iter().map(|(_, c)| c).collect()))
    }

    /// The variables in the order of their first columns. Each column is in one of them.
    fn variables(&self, path: &Path) -> Vec<(&'a str, Vec<usize>)> {
        let mut groups = HashMap::new();
        let mut stem_of = HashMap::new();
        for (&stem, group) in &self.groups {
            if group.joined || self.exact.contains_key(stem) {
                continue;
            }
            if let Ok(Some(columns)) = self.of(stem, path)
                && columns.len() > 1
            {
                stem_of.extend(columns.iter().map(|&column| (column, stem)));
                groups.insert(stem, columns);
            }
        }
        let mut variables = Vec::new();
        for (column, name) in self.names.iter().enumerate() {
            match stem_of.get(&column) {
                Some(&stem) => variables.extend(groups.remove(stem).map(|g| (stem, g))),
                None if name.is_empty() => {}
                None => variables.push((name, vec![column])),
            }
        }
        variables
    }
}

/// The columns of each variable that is asked for.
pub(super) fn select(
    columns: &[String],
    variables: &[String],
    path: &Path,
) -> Result<Vec<Vec<usize>>, Error> {
    let table = Columns::new(columns);
    let mut owners: HashMap<usize, &str> = HashMap::new();
    let mut selection = Vec::with_capacity(variables.len());
    for variable in variables {
        let Some(taken) = table.of(variable, path)? else {
            let known = table.variables(path).into_iter();
            let known = known.map(|(name, _)| name.to_owned()).collect();
            return Err(unknown(path, variable, known));
        };
        for &column in &taken {
            if let Some(other) = owners.insert(column, variable) {
                return Err(Error::InvalidConfig {
                    field: "variables",
                    expected: "variables that share no column",
                    found: format!("{} in both {other} and {variable}", columns[column]),
                });
            }
        }
        selection.push(taken);
    }
    Ok(selection)
}

/// The variables that columns of these names offer, each with its columns.
pub(super) fn offer<'a>(columns: &'a [String], path: &Path) -> Vec<(&'a str, Vec<usize>)> {
    Columns::new(columns).variables(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    fn select(columns: &str, variables: &str) -> Result<Vec<Vec<usize>>, String> {
        super::select(&names(columns), &names(variables), Path::new("f"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_order_the_columns() {
        let columns = "x_2 x_10 y x_1 x_9 x_3 x_4 x_5 x_6 x_7 x_8";
        assert_eq!(
            select(columns, "y x"),
            Ok(vec![vec![2], vec![3, 0, 5, 6, 7, 8, 9, 10, 4, 1]])
        );
    }

    #[test]
    fn every_separator_is_known() {
        for columns in ["x_0 x_1", "x.0 x.1", "x[0] x[1]", "x0 x1", "x_00 x_01"] {
            assert_eq!(select(columns, "x"), Ok(vec![vec![0, 1]]), "{columns}");
        }
        assert_eq!(select("x_1 x_2", "x_"), Ok(vec![vec![0, 1]]));
    }

    #[test]
    fn the_exact_name_comes_first() {
        assert_eq!(select("x x_0 x_1", "x x_1"), Ok(vec![vec![0], vec![2]]));
    }

    #[test]
    fn a_number_is_not_cut() {
        let message = select("x10 x11 a", "x1").unwrap_err();
        assert_eq!(message, "f has no variable \"x1\"; it has x10, x11, a");
    }

    #[test]
    fn what_is_not_numbered_does_not_belong() {
        let columns = "x_mean x_0_0 x[] x_ x[a] x_-1 _0 0 [0]";
        let message = select(columns, "x").unwrap_err();
        assert!(message.contains("no variable \"x\""), "{message}");
        assert_eq!(select(columns, "0"), Ok(vec![vec![7]]));
    }

    #[test]
    fn gaps_and_doubles_are_refused() {
        for (columns, expected) in [
            (
                "x_0 x_2",
                "variable x: expected columns numbered one by one, found x_0 followed by x_2",
            ),
            ("x_1 x.1", "found x_1 followed by x.1"),
            ("x_0 x_00", "found x_0 followed by x_00"),
            (
                "x_2 x_3",
                "expected columns numbered from 0 or 1, found x_2 as the first",
            ),
            ("x_0 x_99999999999999999999", "found x_0 followed by x_9"),
            (
                "x x",
                "variable x: expected one column of this name, found 2",
            ),
        ] {
            let message = select(columns, "x").unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn no_column_is_taken_twice() {
        let message = select("x_0 x_1", "x x_1").unwrap_err();
        assert!(message.contains("found x_1 in both x and x_1"), "{message}");
    }

    #[test]
    fn what_is_offered_is_found() {
        let columns = names("id x_1 y0 x_0 y1 z_0 z_2 a[0] a[1] a w_0");
        let offered = offer(&columns, Path::new("f"));
        let expected = [
            ("id", vec![0]),
            ("x", vec![3, 1]),
            ("y0", vec![2]),
            ("y1", vec![4]),
            ("z_0", vec![5]),
            ("z_2", vec![6]),
            ("a[0]", vec![7]),
            ("a[1]", vec![8]),
            ("a", vec![9]),
            ("w_0", vec![10]),
        ];
        assert_eq!(offered, expected);
        for (name, taken) in offered {
            let found = super::select(&columns, &[name.to_owned()], Path::new("f"));
            assert_eq!(found.unwrap(), [taken]);
        }
    }
}
