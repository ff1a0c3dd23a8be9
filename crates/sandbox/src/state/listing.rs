//! Lists: the query, the order, the page and its links.

use http::{HeaderMap, Uri, header::HOST};
use serde_json::{Value, json};

use crate::answer::Invalid;

const DEFAULT_PAGE_SIZE: u64 = 25;
const MAX_PAGE_SIZE: u64 = 100;

/// What to sort by. Without `sortBy`, lists are in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortBy {
    Name,
    CreatedAt,
    UpdatedAt,
}

/// A list's query, checked.
#[derive(Debug)]
pub(crate) struct ListQuery {
    /// A part of the name, in lower case.
    pub(crate) name: Option<String>,
    pub(crate) stream_key: Option<String>,
    pub(crate) sort_by: SortBy,
    pub(crate) descending: bool,
    page: u64,
    page_size: u64,
    /// Filters and order as they were sent, for the links.
    kept: Vec<(String, String)>,
}

/// The chosen page of a list.
#[derive(Debug)]
pub(crate) struct Page<'a, T> {
    pub(crate) items: Vec<&'a T>,
    items_total: u64,
}

impl ListQuery {
    pub(crate) fn read(uri: &Uri) -> Result<Self, Vec<Invalid>> {
        let mut query = Self {
            name: None,
            stream_key: None,
            sort_by: SortBy::CreatedAt,
            descending: false,
            page: 1,
            page_size: DEFAULT_PAGE_SIZE,
            kept: Vec::new(),
        };
        let mut refused = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if let Err(invalid) = query.set(&name, &value) {
                refused.push(invalid);
            }
        }
        if refused.is_empty() { Ok(query) } else { Err(refused) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Invalid> {
        match name {
            "currentPage" => self.page = number(name, value, None)?,
            "pageSize" => self.page_size = number(name, value, Some(MAX_PAGE_SIZE))?,
            "name" => self.name = Some(value.to_lowercase()),
            "streamKey" => self.stream_key = Some(value.to_owned()),
            "sortBy" => {
                self.sort_by = match value {
                    "name" => SortBy::Name,
                    "createdAt" => SortBy::CreatedAt,
                    "updatedAt" => SortBy::UpdatedAt,
                    _ => return Err(choice(name, "name, createdAt, updatedAt")),
                }
            }
            "sortOrder" => {
                self.descending = match value {
                    "asc" => false,
                    "desc" => true,
                    _ => return Err(choice(name, "asc, desc")),
                }
            }
            _ => return Ok(()),
        }
        if !matches!(name, "currentPage" | "pageSize") {
            self.kept.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    /// Picks the page out of items that are in order already. One pass, no
    /// copy of the list.
    pub(crate) fn pick<'a, T>(&self, ordered: impl Iterator<Item = &'a T>) -> Page<'a, T> {
        let first = (self.page - 1).saturating_mul(self.page_size);
        let mut page = Page { items: Vec::new(), items_total: 0 };
        for item in ordered {
            if page.items_total >= first && (page.items.len() as u64) < self.page_size {
                page.items.push(item);
            }
            page.items_total += 1;
        }
        page
    }

    /// The answer's body.
    pub(crate) fn body<T>(&self, page: &Page<'_, T>, base: &str, show: impl Fn(&T) -> Value) -> Value {
        let pages_total = page.items_total.div_ceil(self.page_size).max(1);
        let mut links = vec![
            self.link(base, "self", self.page),
            self.link(base, "first", 1),
            self.link(base, "last", pages_total),
        ];
        if self.page > 1 {
            links.push(self.link(base, "previous", (self.page - 1).min(pages_total)));
        }
        if self.page < pages_total {
            links.push(self.link(base, "next", self.page + 1));
        }
        json!({
            "data": page.items.iter().map(|item| show(item)).collect::<Vec<_>>(),
            "pagination": {
                "currentPage": self.page,
                "currentPageItems": page.items.len(),
                "pageSize": self.page_size,
                "pagesTotal": pages_total,
                "itemsTotal": page.items_total,
                "links": links,
            },
        })
    }

    fn link(&self, base: &str, rel: &str, page: u64) -> Value {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.kept)
            .append_pair("currentPage", &page.to_string())
            .append_pair("pageSize", &self.page_size.to_string())
            .finish();
        json!({"rel": rel, "uri": format!("{base}?{query}")})
    }
}

/// The absolute URL of a list, as the client called it.
pub(crate) fn base(headers: &HeaderMap, path: &str) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    format!("http://{}{path}", host.unwrap_or("localhost"))
}

fn number(name: &str, value: &str, greatest: Option<u64>) -> Result<u64, Invalid> {
    match value.parse::<u64>() {
        Ok(number) if number >= 1 && greatest.is_none_or(|most| number <= most) => Ok(number),
        _ => Err(Invalid::out_of_range(name, 1, greatest)),
    }
}

fn choice(name: &str, allowed: &str) -> Invalid {
    Invalid::new(name, format!("This value should be one of: {allowed}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<ListQuery, Vec<Invalid>> {
        ListQuery::read(&format!("/live-streams?{query}").parse().unwrap())
    }

    #[test]
    fn wrong_values_are_refused_by_their_name() {
        let cases = [
            ("currentPage=0", "currentPage"),
            ("currentPage=x", "currentPage"),
            ("pageSize=101", "pageSize"),
            ("pageSize=-1", "pageSize"),
            ("sortBy=title", "sortBy"),
            ("sortOrder=up", "sortOrder"),
        ];
        for (query, name) in cases {
            assert_eq!(read(query).unwrap_err()[0].name, name, "{query}");
        }
        assert_eq!(read("currentPage=0&pageSize=0").unwrap_err().len(), 2);
    }

    #[test]
    fn links_lead_to_the_neighbours_and_keep_the_filter() {
        let items: Vec<u32> = (0..7).collect();
        let query = read("name=A%20b&pageSize=3&currentPage=2").unwrap();
        let page = query.pick(items.iter());
        assert_eq!(page.items, [&3, &4, &5]);
        let body = query.body(&page, "http://h/live-streams", |item| (*item).into());
        assert_eq!(body["pagination"]["pagesTotal"], 3);
        let links: Vec<&str> = body["pagination"]["links"]
            .as_array()
            .unwrap()
            .iter()
            .map(|link| link["rel"].as_str().unwrap())
            .collect();
        assert_eq!(links, ["self", "first", "last", "previous", "next"]);
        let uri = body["pagination"]["links"][4]["uri"].as_str().unwrap();
        assert_eq!(uri, "http://h/live-streams?name=A+b&currentPage=3&pageSize=3");
    }

    #[test]
    fn a_page_beyond_the_end_is_empty() {
        let items = [1, 2];
        let query = read(&format!("currentPage={}", u64::MAX)).unwrap();
        let page = query.pick(items.iter());
        assert_eq!((page.items.len(), page.items_total), (0, 2));
        query.body(&page, "", |item| (*item).into());
    }
}
