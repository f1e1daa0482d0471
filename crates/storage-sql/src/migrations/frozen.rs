//! What the released migrations are made of.
//!
//! A database remembers the checksum of what it was made with and refuses a build that reads otherwise, so a migration
//! that was edited after its release would shut everybody out. Here stands what each must be. A build for production
//! refuses to migrate or serve with another content; in a build for development only the test below speaks, so that a
//! new migration can be worked on.
//!
//! To add a migration: see [the list](super). To freeze it, or the baseline as long as nothing is released, run
//! `cargo test -p caracal-storage-sql frozen` and put what it prints here.

use super::Migration;
use crate::dialect::Dialect;

/// The checksums of one migration.
pub(super) struct Frozen {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Every migration of [`super::ALL`], in its order.
pub(super) const FROZEN: &[Frozen] = &[
    Frozen {
        version: 1,
        sqlite: "d687447afcbc8d390694b9d4c4011dca8d2635ca0f4f5c08e0581f4c3b5991aa",
        postgres: "919d1279d78e09bd105346548be6ed7380ab6bd680e123bafd2615abe6d8617a",
    },
    Frozen {
        version: 2,
        sqlite: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        postgres: "389b0ba67fc7537961286716f4a0b831c7bf5568895371258f0393fe48d898b4",
    },
    Frozen {
        version: 3,
        sqlite: "f63cbc207ab5704e321bddef2604864e744ee8ca4073eec0903b5b429ad6ab33",
        postgres: "0d93e11473f063463ec716bf4276750c0a6b4435ad68752852b875f9eaf17d64",
    },
    Frozen {
        version: 4,
        sqlite: "4a64a2ea378fff824fbeac1ca02b0e66570c8cf1a1d6566367b33bb4b05f85f5",
        postgres: "9eb10232cf25978c018e3eb78365b1d5f82aca02cf11a340dda2a5b48aff971f",
    },
    Frozen {
        version: 5,
        sqlite: "8a69f64ffd3246de91d407fe488e56b4cd1bdc69b5b6b1f91799b3ce811d448f",
        postgres: "5c16987730bab38ae9070d996db3034cf65d272b1eb6a8a04ee5ccdeb32b11c6",
    },
    Frozen {
        version: 6,
        sqlite: "3c64adb567da60cd3c671b8237885dafe24601402226317bcacd2a02953dfae6",
        postgres: "59584f6e4615cdb4eee11127acc22a27685f0f4be9eba95432080843a9804278",
    },
    Frozen {
        version: 7,
        sqlite: "1cc91b626dcf18b413aa8a840157040434052ddcaabb632724c48ebdf2fc8a13",
        postgres: "1ab9595a4b0dd27b16909d5ea23c570f06c623023cd6fd7e2f4f0e7316ea3472",
    },
    Frozen {
        version: 8,
        sqlite: "181a6181ac974a6a148e822a55ad9fdcbd7e96c9857adb2215b17f08d40bccb7",
        postgres: "181a6181ac974a6a148e822a55ad9fdcbd7e96c9857adb2215b17f08d40bccb7",
    },
    Frozen {
        version: 9,
        sqlite: "62038334edd529c3ed4ea4addf3f1e7dbb835cbdd15d82f1697b89df6afb3c53",
        postgres: "bd0a863cc731b4a8febe9b3b4ea7a2c64ff9399ea18308a264bbc7f22b5c23cf",
    },
    Frozen {
        version: 11,
        sqlite: "5204f28a879713c449bbf86d42c2d00a40134ff1e0945e965781f37f89326c56",
        postgres: "b499047999cec5d06e7240aa3ca52b5e7f9957843cdf4f16cf9b3e3005cd69a5",
    },
    Frozen {
        version: 12,
        sqlite: "24b408f596804b1d4c72c2c871bdf65370e25758f6a6197be1f7a3f63c82935f",
        postgres: "c1b7c1681c82c283733e4d85847ec594848f416392d539831011f0b5eacfe1c9",
    },
    Frozen {
        version: 13,
        sqlite: "0363bb3431e170a8aeda7cd776a3f3e1288ef78146b9d6ee8e4441e6583ea8dc",
        postgres: "a155e2227939ac1e9a8c89b3e96749e25371d26ea40a8a4d89ea7a6055b524ba",
    },
    Frozen {
        version: 15,
        sqlite: "e73b618259ae1d60c3b5a15a914a138ab1b04890660b5950192cf2694d86a5af",
        postgres: "e6a0f9dafc038a1d4769d769e797555a12682923a1dc7acf550e02fd0b7a7c0a",
    },
    Frozen {
        version: 16,
        sqlite: "1ab68603e6c12e381e43207b3d28b51d8befaa621f72a2e1c673c986848e5491",
        postgres: "a2a5149b9587b951f2585b376a8808adc636ee7f7819f0abea2acc066193a609",
    },
    Frozen {
        version: 19,
        sqlite: "eb63c9f202ff3e4693a0be47fddb0cab1d72844f93564bef13433bc98a789478",
        postgres: "ce1d395e852b5e3a55c1da5845e2cea21e76e89d65a7b3993a479bd3b5718e5a",
    },
    Frozen {
        version: 20,
        sqlite: "d57e2200c170827fa7693d00db2a7088213572efdff76031f8ac469ed0985d4a",
        postgres: "72718008dd612b44545efc9d6d7dd4229248a401806c373110f577433457eb87",
    },
    Frozen {
        version: 21,
        sqlite: "ffa765bca2a1de050c94a7a44cc0ed3a2ae3355632d8528ff057a4dddf082d55",
        postgres: "2755ab7bf5b013c817ebae7de938b08effaa9eebed5543acede521e0d8c999fc",
    },
    Frozen {
        version: 23,
        sqlite: "69c050d424a380799d864e72d01aa1c86b4634ea6735a98ff1d42b67b6244769",
        postgres: "b389f69952443684603f7d6b84fa4da33e6cd71719782d85cb9def5b4cc7e664",
    },
    Frozen {
        version: 25,
        sqlite: "2e380f0a281426a83b903ef3e254ee4baea006b6379b5916d564b9ade27db990",
        postgres: "803aa1891c67df010e322ac6aecb167d732736153e0f0406767e9048ebbc56f2",
    },
    Frozen {
        version: 27,
        sqlite: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        postgres: "89a83c029442292eba52eebd6465b1a1d9f0f29dda904ff90eed3ad678f882bd",
    },
    Frozen {
        version: 30,
        sqlite: "456e51129baae46517696014d39b74e78a06a9a016b4d0e20d08f05e175259c8",
        postgres: "a80e2652c0f788492789e6db0e678ba2e9b7078b008ff178771028d107ac468c",
    },
    Frozen {
        version: 31,
        sqlite: "1dc39ef818edfc68e007ef9f2647d7a8ddeabe900f2831cf2961b68411d857dd",
        postgres: "e648950fc041035e18fb7af6b099aedcc4671fd3f848def5ff60beecf232845c",
    },
    Frozen {
        version: 32,
        sqlite: "4c3bd56ea5497ddaf305f72d1180a480d4264cc7715c2df23edcdb8edaf27cd3",
        postgres: "4c3bd56ea5497ddaf305f72d1180a480d4264cc7715c2df23edcdb8edaf27cd3",
    },
    Frozen {
        version: 34,
        sqlite: "58b1899539ac62867e4ef41cd9a07abbd88453a353205b8828ad2356dc7ad30a",
        postgres: "9552834a56e7a6a3b103614baa943f3761e23a2ade3a7652fcc8af32e8685098",
    },
    Frozen {
        version: 35,
        sqlite: "bd1d2685d3b81acf0e03499a533b14723788a9ece9c26c99051d82ddaed1e625",
        postgres: "d51591863ab975491cc1c916e1dd1d0610c14b9ed1e51ed9419071036bbb9fbc",
    },
    Frozen {
        version: 36,
        sqlite: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        postgres: "99aca56bde01cd0516649ecaf446cef15b0a6b21ccd9befb0cd6a57f2d9c13c8",
    },
    Frozen {
        version: 39,
        sqlite: "2f0a65a8e7adeca599a52090bfc7a881facab804babb4f064efc3b0cbbab477f",
        postgres: "399dd9daa374a424116ae5213b33e10ebf564c0c9f026de09a1339b0a23c3133",
    },
    Frozen {
        version: 42,
        sqlite: "363850e1a6ec57138aed03d5e18759a183c9a592c54edc980f3a0ecf3bc81689",
        postgres: "cfeffa6b905ca7d327e9837f98bb3248b36ac0974701e927d1c68a57d31f2beb",
    },
];

/// The version of the first migration that is not what it was frozen as, or that nobody has frozen.
pub(super) fn first_edited(all: &[Migration], frozen: &[Frozen], dialect: Dialect) -> Option<i64> {
    let edited = all.iter().find(|migration| {
        let known = frozen.iter().find(|known| known.version == migration.version);
        let expected = known.map(|known| match dialect {
            Dialect::Sqlite => known.sqlite,
            Dialect::Postgres => known.postgres,
        });
        expected != Some(migration.checksum(dialect).as_str())
    });
    edited.map(|migration| migration.version)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{
        super::{ALL, CURRENT},
        *,
    };

    #[test]
    fn frozen_migrations_read_as_they_did_when_they_were_frozen() {
        let edited = [Dialect::Sqlite, Dialect::Postgres].map(|dialect| first_edited(ALL, FROZEN, dialect));
        let mut now = String::new();
        for migration in ALL {
            let [sqlite, postgres] =
                [Dialect::Sqlite, Dialect::Postgres].map(|dialect| migration.checksum(dialect));
            let version = migration.version;
            writeln!(
                now,
                "    Frozen {{\n        version: {version},\n        sqlite: \"{sqlite}\",\n        postgres: \"{postgres}\",\n    }},"
            )
            .unwrap();
        }
        assert_eq!(
            edited,
            [None, None],
            "a migration reads otherwise than when it was frozen, so databases made with it are refused; put the \
             change into a new migration. Only if it is new, or nothing is released yet, put this into FROZEN:\n{now}"
        );
        assert_eq!(ALL.len(), FROZEN.len());
    }

    #[test]
    fn an_edited_migration_and_one_that_nobody_froze_are_named() {
        let first = &ALL[0];
        let edited = Migration {
            common: &["CREATE TABLE zones (id TEXT)"],
            ..*first
        };
        let next = CURRENT + 1;
        let second = Migration {
            version: next,
            ..*first
        };
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert_eq!(first_edited(&[edited], FROZEN, dialect), Some(1));
            assert_eq!(first_edited(&[second], FROZEN, dialect), Some(next));
        }
    }

    #[test]
    fn no_migration_claims_to_serve_builds_that_do_not_exist() {
        assert!(ALL.is_sorted_by(|one, next| one.version < next.version));
        for migration in ALL {
            assert!(
                (1..=migration.version).contains(&migration.compatible_from),
                "{}",
                migration.name
            );
        }
    }
}
