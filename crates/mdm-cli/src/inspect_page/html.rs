//! The page around the pictures: its frame, tables and lists. It is well-formed XML too, so that a strict parser can
//! check it.

use mdm_data::inspect::Table;

use super::escape::escape;

/// Light and dark, wide and narrow.
const STYLE: &str = include_str!("style.css");

/// A whole page. Its policy forbids to load or run anything, so that it is what it seems wherever it is opened.
pub fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}</main>
</body>
</html>
"#
    )
}

/// A part of the page under a heading.
pub fn section(heading: &str, content: &str) -> String {
    let heading = escape(heading);
    format!("<section>\n<h2>{heading}</h2>\n{content}</section>\n")
}

/// A paragraph of text.
pub fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

/// A picture with what it shows. On a screen that is too narrow the picture scrolls, not the page.
pub fn figure(caption: &str, svg: &str) -> String {
    let caption = escape(caption);
    format!(
        "<figure>\n<div class=\"scroll\">{svg}</div>\n<figcaption>{caption}</figcaption>\n</figure>\n"
    )
}

/// Pictures side by side where there is room.
pub fn row(figures: &str) -> String {
    format!("<div class=\"row\">\n{figures}</div>\n")
}

pub fn table(table: &Table) -> String {
    let mut rows = String::new();
    for row in &table.rows {
        rows.push_str(&table_row(table, "td", row));
    }
    let head = table_row(table, "th", &table.header);
    let caption = escape(&table.title);
    format!(
        "<div class=\"scroll\"><table>\n<caption>{caption}</caption>\n<thead>{head}</thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn table_row(table: &Table, element: &str, row: &[String]) -> String {
    let mut cells = String::new();
    for (column, cell) in row.iter().enumerate() {
        let class = if table.is_name(column) {
            "is-name"
        } else {
            "is-number"
        };
        let cell = escape(cell);
        cells.push_str(&format!("<{element} class=\"{class}\">{cell}</{element}>"));
    }
    format!("<tr>{cells}</tr>\n")
}

/// Names with what is known about them.
pub fn facts(facts: &[(String, String)]) -> String {
    let mut list = String::new();
    for (name, fact) in facts {
        let (name, fact) = (escape(name), escape(fact));
        list.push_str(&format!("<dt>{name}</dt><dd>{fact}</dd>\n"));
    }
    format!("<dl>\n{list}</dl>\n")
}

/// A list of texts.
pub fn list(items: impl Iterator<Item = String>) -> String {
    let items = items.map(|item| format!("<li>{}</li>\n", escape(&item)));
    format!("<ul>\n{}</ul>\n", items.collect::<String>())
}
