//! The tables as Markdown and as JSON.

use std::fmt;

use serde_json::{Value, json};

use crate::{
    args::Setting,
    figure::{Expected, Figure, Measured, Table},
    usage::Machine,
};

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Quantity(value, unit) => f.write_str(&quantity(*value, unit)),
            Self::Unknown(why) => f.write_str(why),
        }
    }
}

/// Small ones and ratios would be 0.0 and 1.0.
fn quantity(value: f64, unit: &str) -> String {
    let digits = match value {
        value if value > 0.0 && value < 0.1 => 3,
        value if unit.is_empty() || value < 1.0 => 2,
        _ => 1,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

fn expectation(figure: &Figure) -> String {
    let unit = match &figure.measured {
        Measured::Quantity(_, unit) => unit,
        Measured::Count(_) | Measured::Unknown(_) => "",
    };
    match figure.expected {
        Expected::Exactly(should) => should.to_string(),
        Expected::AtMost(most) => format!("at most {most} {unit}").trim_end().to_owned(),
        Expected::Best(best) => quantity(best, unit),
        Expected::Nothing => String::new(),
    }
}

/// All tables, each with its heading and its conditions.
pub(crate) fn markdown(setting: &Setting, tables: &[Table]) -> String {
    let machine = Machine::here();
    let mut text = format!(
        "{} LiveStreams; {machine}, shared with etcd, the API server and the sandbox\n",
        setting.count
    );
    for table in tables {
        text.push_str(&format!("\n### {}\n\n{}\n\n{}", table.title, table.conditions, lines(&table.figures)));
    }
    text
}

/// A column for the poll stands only where the poll was measured.
fn lines(figures: &[Figure]) -> String {
    let compared = figures.iter().any(|figure| figure.of_poll.is_some());
    let header: &[&str] = if compared {
        &["figure", "theoretical best", "this operator", "poll of each object", "judgement"]
    } else {
        &["figure", "measured", "best or target", "judgement"]
    };
    let mut rows = vec![header.iter().map(|name| (*name).to_owned()).collect()];
    rows.extend(figures.iter().map(|figure| if compared { compared_row(figure) } else { row(figure) }));
    aligned(&rows)
}

fn row(figure: &Figure) -> Vec<String> {
    vec![figure.what.clone(), figure.measured.to_string(), expectation(figure), emphasised(figure)]
}

fn compared_row(figure: &Figure) -> Vec<String> {
    let of_poll = figure.of_poll.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![figure.what.clone(), expectation(figure), figure.measured.to_string(), of_poll, emphasised(figure)]
}

fn emphasised(figure: &Figure) -> String {
    if figure.is_wrong() { "**wrong**".to_owned() } else { figure.judgement().to_owned() }
}

/// The rows as a Markdown table; the first is its head.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row: &Vec<String>| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<_> =
            row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} ")).collect();
        format!("|{}|\n", cells.join("|"))
    };
    let rule: Vec<_> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.insert(1.min(lines.len()), format!("|{}|\n", rule.join("|")));
    lines.concat()
}

/// One document: the machine, the setting, the parts with their figures.
pub(crate) fn json(setting: &Setting, tables: &[Table]) -> Value {
    let machine = Machine::here();
    json!({
        "machine": {
            "cores": machine.cores,
            "memoryGiB": machine.gibibytes,
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
        },
        "liveStreams": setting.count,
        "limits": {
            "windowSeconds": setting.writes.window.as_secs_f64(),
            "reads": setting.reads.calls,
            "writes": setting.writes.calls,
        },
        "wrong": tables.iter().any(Table::is_wrong),
        "parts": tables.iter().map(part_json).collect::<Vec<_>>(),
    })
}

fn part_json(table: &Table) -> Value {
    json!({
        "part": table.part,
        "title": table.title,
        "conditions": table.conditions,
        "figures": table.figures.iter().map(figure_json).collect::<Vec<_>>(),
    })
}

fn figure_json(figure: &Figure) -> Value {
    let (kind, expected) = match figure.expected {
        Expected::Exactly(should) => ("exactly", json!(should)),
        Expected::AtMost(most) => ("atMost", json!(most)),
        Expected::Best(best) => ("best", json!(best)),
        Expected::Nothing => ("nothing", Value::Null),
    };
    json!({
        "figure": figure.what,
        "measured": value(&figure.measured),
        "unit": match figure.measured {
            Measured::Quantity(_, unit) => unit,
            Measured::Count(_) | Measured::Unknown(_) => "",
        },
        "expected": {"kind": kind, "value": expected},
        "poll": figure.of_poll.as_ref().map(value),
        "judgement": figure.judgement(),
    })
}

/// What can't be told is null.
fn value(measured: &Measured) -> Value {
    match measured {
        Measured::Count(count) => json!(count),
        Measured::Quantity(value, _) => json!(value),
        Measured::Unknown(_) => Value::Null,
    }
}
