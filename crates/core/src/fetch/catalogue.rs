//! What can be got: a row each, with its size, its licence and what its publisher says about its contents.
//!
//! Sizes and SHA-256 of the data sets are those that TensorFlow Datasets publishes (`url_checksums`); of torchvision's
//! weights only the first eight digits are published, in the files' names.

use super::check::Check;

/// What something is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Images to train on: a folder.
    Images,
    /// Weights to start from: a file.
    Weights,
}

/// Something that can be got.
#[derive(Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it is asked for by.
    pub name: &'static str,
    pub kind: Kind,
    /// What is in it, in a few words.
    pub about: &'static str,
    /// What its publisher allows, in a few words.
    pub licence: &'static str,
    /// Folders of servers that have it, the best first; each ends with a slash.
    pub published: &'static [&'static str],
    /// Its files there. Archives are unpacked.
    pub files: &'static [Remote],
}

/// A file on a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Remote {
    pub name: &'static str,
    /// In bytes; of torchvision's weights nobody publishes it to the byte.
    pub size: Size,
    /// What is known of its contents.
    pub check: Check,
}

/// How large a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Exactly(u64),
    About(u64),
}

impl Size {
    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::Exactly(bytes) | Self::About(bytes) => bytes,
        }
    }

    /// More than this is something else.
    pub(super) fn most(self) -> u64 {
        match self {
            Self::Exactly(bytes) => bytes,
            Self::About(bytes) => bytes + bytes / 8,
        }
    }
}

impl Offer {
    /// All files together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size.bytes()).sum()
    }

    /// What lies in its folder at last: the folder of a data set, the file of weights.
    #[must_use]
    pub fn target(&self) -> &'static str {
        match self.kind {
            Kind::Images => self.name,
            Kind::Weights => self.files.first().map_or(self.name, |file| file.name),
        }
    }
}

/// What is asked for by this name.
#[must_use]
pub fn offer(kind: Kind, name: &str) -> Option<&'static Offer> {
    OFFERS.iter().find(|offer| offer.kind == kind && offer.name.eq_ignore_ascii_case(name))
}

const fn file(name: &'static str, size: u64, sha256: &'static str) -> Remote {
    Remote { name, size: Size::Exactly(size), check: Check::Whole(sha256) }
}

const fn weights(name: &'static str, about: u64, start: &'static str) -> Remote {
    Remote { name, size: Size::About(about), check: Check::Start(start) }
}

/// What torchvision publishes its weights under.
const TORCHVISION: &str = "BSD 3-clause; trained on ImageNet, which is for research only";

/// Everything that can be got.
pub const OFFERS: &[Offer] = &[
    Offer {
        name: "mnist",
        kind: Kind::Images,
        about: "70,000 handwritten digits, gray, 28×28",
        licence: "CC BY-SA 3.0",
        published: &[
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ],
    },
    Offer {
        name: "fashion-mnist",
        kind: Kind::Images,
        about: "70,000 articles of clothing, gray, 28×28",
        licence: "MIT",
        published: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ],
    },
    Offer {
        name: "kmnist",
        kind: Kind::Images,
        about: "70,000 letters of old Japanese, gray, 28×28",
        licence: "CC BY-SA 4.0",
        published: &["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                18_165_135,
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                29_497,
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                3_041_136,
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                5_120,
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            ),
        ],
    },
    Offer {
        name: "cifar-10",
        kind: Kind::Images,
        about: "60,000 photographs in 10 classes, colour, 32×32",
        licence: "none named; cite Krizhevsky 2009",
        published: &["https://www.cs.toronto.edu/~kriz/"],
        files: &[file(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        )],
    },
    Offer {
        name: "cifar-100",
        kind: Kind::Images,
        about: "60,000 photographs in 100 classes, colour, 32×32",
        licence: "none named; cite Krizhevsky 2009",
        published: &["https://www.cs.toronto.edu/~kriz/"],
        files: &[file(
            "cifar-100-binary.tar.gz",
            168_513_733,
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        )],
    },
    Offer {
        name: "resnet18",
        kind: Kind::Weights,
        about: "torchvision's ResNet-18, ImageNet's 1,000 classes",
        licence: TORCHVISION,
        published: &["https://download.pytorch.org/models/"],
        files: &[weights("resnet18-f37072fd.pth", 46_830_000, "f37072fd")],
    },
    Offer {
        name: "resnet34",
        kind: Kind::Weights,
        about: "torchvision's ResNet-34, ImageNet's 1,000 classes",
        licence: TORCHVISION,
        published: &["https://download.pytorch.org/models/"],
        files: &[weights("resnet34-b627a593.pth", 87_320_000, "b627a593")],
    },
    Offer {
        name: "resnet50",
        kind: Kind::Weights,
        about: "torchvision's ResNet-50, ImageNet's 1,000 classes",
        licence: TORCHVISION,
        published: &["https://download.pytorch.org/models/"],
        files: &[weights("resnet50-11ad3fa6.pth", 102_540_000, "11ad3fa6")],
    },
];
