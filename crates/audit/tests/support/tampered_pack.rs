//! Copies of an evidence pack with something changed, each of which every verifier has to refuse.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Read as _;

/// Name and content of each file of a pack, in their order.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

pub(crate) fn files(pack: &[u8]) -> Files {
    let mut archive = tar::Archive::new(pack);
    let entries = archive.entries().unwrap();
    let file = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    entries.map(file).collect()
}

pub(crate) fn archive(files: &Files) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, content.as_slice())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

fn content<'f>(files: &'f mut Files, name: &str) -> &'f mut Vec<u8> {
    &mut files.iter_mut().find(|(known, _)| known == name).unwrap().1
}

fn lines(entries: &[u8]) -> Vec<String> {
    std::str::from_utf8(entries)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What was done, and the copy. `other` is another pack of the same deployment; both have
/// two entries or more.
pub(crate) fn copies(pack: &[u8], other: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (good, other) = (files(pack), files(other));
    let mut copies = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut Files)| {
        let mut changed = good.clone();
        change(&mut changed);
        assert!(changed != good, "{what} changes nothing");
        copies.push((what.to_owned(), archive(&changed)));
    };
    let entries = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = good.clone();
        let file = content(&mut changed, "entries.ndjson");
        let mut some = lines(file);
        change(&mut some);
        *file = (some.join("\n") + "\n").into_bytes();
        changed
    };
    add("an event changed", &|files| {
        *files = entries(&|lines| lines[0] = lines[0].replacen("\"body\":\"{", "\"body\":\"{ ", 1));
    });
    add("an event removed", &|files| {
        *files = entries(&|lines| drop(lines.remove(1)));
    });
    add("the last event removed", &|files| {
        *files = entries(&|lines| drop(lines.pop()));
    });
    add("an event twice", &|files| {
        *files = entries(&|lines| lines.insert(1, lines[0].clone()));
    });
    add("events exchanged", &|files| {
        *files = entries(&|lines| lines.swap(0, 1));
    });
    let foreign = lines(&other.iter().find(|(name, _)| name == "entries.ndjson").unwrap().1);
    add("an event of another log added", &|files| {
        *files = entries(&|lines| lines.push(foreign[1].clone()));
    });
    add("proofs exchanged", &|files| {
        *files = entries(&|lines| {
            let proof = |line: &str| line[line.rfind("\"proof\"").unwrap()..].to_owned();
            let (first, second) = (proof(&lines[0]), proof(&lines[1]));
            lines[0] = lines[0].replace(&first, &second);
        });
    });
    for name in [
        "checkpoint",
        "manifest.json",
        "manifest.checkpoint",
        "keys",
        "README.txt",
        "verify.py",
    ] {
        let foreign = other.iter().find(|(known, _)| known == name).unwrap().1.clone();
        if good.iter().all(|(_, content)| *content != foreign) {
            add(&format!("`{name}` of another pack"), &|files| {
                content(files, name).clone_from(&foreign);
            });
        }
        add(&format!("`{name}` changed"), &|files| {
            let content = content(files, name);
            let at = content.len() / 3;
            content[at] ^= 1;
        });
        add(&format!("`{name}` removed"), &|files| {
            files.retain(|(known, _)| known != name);
        });
        add(&format!("`{name}` twice"), &|files| {
            let twice = files.iter().find(|(known, _)| known == name).unwrap().clone();
            files.push(twice);
        });
    }
    for (from, to) in [
        ("\"entries\": ", "\"entries\": 1"),
        ("session", "Session"),
        ("\"size\": ", "\"size\": 1"),
    ] {
        add(&format!("the manifest says {to}"), &|files| {
            let manifest = content(files, "manifest.json");
            *manifest = String::from_utf8(manifest.clone())
                .unwrap()
                .replacen(from, to, 1)
                .into_bytes();
        });
    }
    add("manifest and signature of another pack", &|files| {
        for name in ["manifest.json", "manifest.checkpoint"] {
            let foreign = other.iter().find(|(known, _)| known == name).unwrap().1.clone();
            content(files, name).clone_from(&foreign);
        }
    });
    add("a file added", &|files| {
        files.push((String::from("more"), vec![1]));
    });
    add("files out of order", &|files| files.swap(2, 3));
    add("nothing but the manifest", &|files| files.truncate(2));
    copies.push((String::from("cut"), pack[..pack.len() / 2].to_vec()));
    copies
}
