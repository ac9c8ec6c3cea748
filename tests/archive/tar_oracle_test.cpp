// SPDX-License-Identifier: Apache-2.0
// GNU tar and Python's tarfile judge what we write, and write what we read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/tar.hpp"
#include "archive/tools.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "support/tar_builder.hpp"

namespace resole::tar {
namespace RESOLE_TEST_FILE {

using test::Scratch;
using test::TarBuilder;

std::string rich_archive() {
  Header owned;
  owned.path = "owned";
  owned.mode = 02755;
  owned.uid = 3'000'000;
  owned.gid = 65534;
  owned.mtime = 8'589'934'592;
  owned.size = 3;
  owned.xattrs["user.note"] = "kept";
  Header device;
  device.path = "dev/tty";
  device.type = Type::character;
  device.mode = 0620;
  device.major = 5;
  device.minor = 1;
  const std::string deep = std::string(120, 'd') + "/" + std::string(120, 'e') + "/" + std::string(120, 'f');
  return TarBuilder()
      .at(1700000000)
      .dir("")
      .dir("etc", 01777)
      .file("etc/plain", "text\n")
      .file("etc/caf\xc3\xa9 with blanks", "x")
      .file(deep, "deep")
      .file(std::string(150, 'p') + "/" + std::string(90, 'q'))
      .symlink("etc/link", std::string(150, 'l'))
      .hardlink("etc/hard", "etc/plain")
      .add(owned, "abc")
      .add(device)
      .bytes();
}

// One line a member, in a form that both sides can give.
std::string describe(const Header& header, std::string_view content) {
  const char* types = "-hlcbdp";
  const bool links = header.type == Type::symlink || header.type == Type::hardlink;
  return fmt::format("{} {:o} {}:{} {} {} {},{} {} -> {} {}\n", types[static_cast<int>(header.type)], header.mode, header.uid, header.gid,
                     header.size, header.mtime, header.major, header.minor, header.path, links ? header.link : "",
                     sha256_hex_of(content).substr(0, 16));
}

std::string describe(std::string_view archive) {
  std::string out;
  for (const auto& [header, content] : test::read_tar(archive)) out += describe(header, content);
  return out;
}

// Written to a file and run: lists archives as describe() does.
constexpr std::string_view kScript = R"PY(
import hashlib, math, sys, tarfile
kinds = {tarfile.DIRTYPE: 'd', tarfile.SYMTYPE: 'l', tarfile.LNKTYPE: 'h', tarfile.CHRTYPE: 'c', tarfile.BLKTYPE: 'b', tarfile.FIFOTYPE: 'p'}
clean = lambda path: '/'.join(part for part in path.split('/') if part not in ('', '.'))
def lines(archive):
  for m in archive:
    regular = m.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE)
    content = archive.extractfile(m).read() if regular else b''
    device = m.type in (tarfile.CHRTYPE, tarfile.BLKTYPE)
    link = m.linkname if m.issym() else clean(m.linkname) if m.islnk() else ''
    line = '%s %o %d:%d %d %d %d,%d %s -> %s %s\n' % (kinds.get(m.type, '-'), m.mode & 0o7777, m.uid, m.gid, len(content), math.floor(m.mtime),
        m.devmajor if device else 0, m.devminor if device else 0, clean(m.name), link, hashlib.sha256(content).hexdigest()[:16])
    yield line.encode('utf-8', 'surrogateescape')
for name in sys.argv[1:]:
    for line in lines(tarfile.open(name, encoding='utf-8', errors='surrogateescape')):
        sys.stdout.buffer.write(line)
)PY";

std::string python_describes(const Scratch& scratch, const std::string& names) {
  scratch.write("describe.py", kScript);
  return scratch.run("python3 describe.py " + names);
}

TEST(TarOracle, PythonReadsWhatWeWrite) {
  RESOLE_NEEDS_TOOL("python3");
  const Scratch scratch;
  const std::string archive = rich_archive();
  scratch.write("a.tar", archive);
  EXPECT_EQ(python_describes(scratch, "a.tar"), describe(archive));
}

TEST(TarOracle, GnuTarReadsWhatWeWrite) {
  RESOLE_NEEDS_TOOL("tar");
  const Scratch scratch;
  scratch.write("a.tar", rich_archive());
  const std::string list = scratch.run("tar --numeric-owner --xattrs --quoting-style=literal -tvvf a.tar");
  EXPECT_EQ(scratch.read("err.txt"), "");  // no warning
  const auto has = [&](std::string_view text) { EXPECT_NE(list.find(text), std::string::npos) << text << "\n" << list; };
  has("drwxrwxrwt  0/0               0 2023-11-14 22:13 etc/");
  has("2023-11-14 22:13 etc/caf\xc3\xa9 with blanks\n");
  has("etc/link -> " + std::string(150, 'l'));
  has("etc/hard link to etc/plain");
  has("-rwxr-sr-x* 3000000/65534");
  has("x: 4 user.note");
  has("crw--w----  0/0             5,1");
  has(std::string(120, 'e') + "/" + std::string(120, 'f'));
  EXPECT_EQ(lines(list).size(), 11u);
}

// A tree made by a script, packed in every format GNU tar knows.
TEST(TarOracle, WeReadWhatGnuTarWrites) {
  RESOLE_NEEDS_TOOL("tar");
  RESOLE_NEEDS_TOOL("python3");
  const Scratch scratch;
  scratch.run(
      "mkdir -p t/sub t/$(printf 'd%.0s' $(seq 120))/$(printf 'e%.0s' $(seq 120)) && cd t && echo one >one && ln one sub/hard && ln -s "
      "../one sub/soft"
      " && echo x >'blank and \xc3\xa9' && (cd d*/e* && echo deep >deep) && ln -s $(printf 't%.0s' $(seq 200)) longlink && mkfifo pipe"
      " && truncate -s 300000 sparse && printf middle | dd of=sparse bs=1 seek=150000 conv=notrunc 2>/dev/null && truncate -s 1000000 hole"
      " && python3 -c \"f = open('many', 'wb'); [(f.seek(i * 16384), f.write(b'%d' % i)) for i in range(60)]\""
      " && touch -d '1969-12-31 23:59:50' old && chmod 4711 one");
  // ustar cannot hold the two long names and the time before 1970, v7 no fifo either.
  const std::pair<const char*, const char*> forms[] = {{"--format=gnu", "t"},
                                                       {"--format=gnu -S", "t"},
                                                       {"--format=pax", "t"},
                                                       {"--format=pax -S --sparse-version=0.0", "t"},
                                                       {"--format=pax -S --sparse-version=0.1", "t"},
                                                       {"--format=pax -S --sparse-version=1.0", "t"},
                                                       {"--format=pax --xattrs", "t"},
                                                       {"--format=oldgnu -S", "t"},
                                                       {"--format=pax -P", "$PWD/t/one t"},
                                                       {"--format=ustar", "t/one t/sub t/many"},
                                                       {"--format=v7", "t/one t/sub t/many"}};
  std::string commands, names, ours;
  for (const auto& [options, paths] : forms) {
    const std::string name = fmt::format("{}.tar", names.size());
    commands += fmt::format("tar {} --sort=name -cf {} {} &&", options, name, paths);
    names += " " + name;
  }
  scratch.run(commands + "true");
  for (std::string_view name : split_words(names)) {
    const std::string listed = describe(scratch.read(std::string(name)));
    EXPECT_GE(lines(listed).size(), 5u);
    ours += listed;
  }
  EXPECT_EQ(ours, python_describes(scratch, names));
}

TEST(TarOracle, XattrsOfGnuTar) {
  RESOLE_NEEDS_TOOL("tar");
  RESOLE_NEEDS_TOOL("python3");
  const Scratch scratch;
  scratch.run(
      "echo x >f; python3 -c \"import os; os.setxattr('f', 'user.note', b'kept = yes')\" && tar --format=pax --xattrs -cf x.tar f || true");
  const std::string archive = scratch.read("x.tar");
  if (archive.empty()) GTEST_SKIP() << "the temporary folder takes no extended attributes";
  EXPECT_EQ(test::read_tar(archive).at(0).first.xattrs.at("user.note"), "kept = yes");
}

TEST(TarOracle, WeReadWhatPythonWrites) {
  RESOLE_NEEDS_TOOL("python3");
  const Scratch scratch;
  scratch.write("make.py", R"PY(
import io, sys, tarfile
formats = {'ustar': tarfile.USTAR_FORMAT, 'gnu': tarfile.GNU_FORMAT, 'pax': tarfile.PAX_FORMAT}
name = sys.argv[1]
archive = tarfile.open('x.tar', 'w', format=formats[name], pax_headers={'VENDOR.all': 'yes'} if name == 'pax' else None)
def add(path, kind=tarfile.REGTYPE, content=b'', **fields):
    info = tarfile.TarInfo(path)
    info.type, info.size, info.mtime = kind, len(content), 1700000000
    for key, value in fields.items(): setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))
add('./dir/', tarfile.DIRTYPE, mode=0o1755)
add('/dir/abs', content=b'abc', uid=12, gid=2097151, uname='web', gname='www')
add('dir/null', tarfile.CHRTYPE, devmajor=1, devminor=3)
add('dir/block', tarfile.BLKTYPE, devmajor=8, devminor=1)
add('dir/fifo', tarfile.FIFOTYPE)
add('dir/soft', tarfile.SYMTYPE, linkname='../x//./y')
add('dir/hard', tarfile.LNKTYPE, linkname='./dir/abs')
add('a' * 120 + '/' + 'b' * 90, content=b'1' * 600)
if name != 'ustar':
    add('c' * 3000, content=b'long')
    add('dir/\u00e9\u20ac', tarfile.SYMTYPE, linkname='l' * 200)
    add('dir/big', uid=2**31, gid=2**32 - 1, mtime=-5)
if name == 'pax':
    add('dir/time', mtime=1700000000.75)
    add('dir/vendor', pax_headers={'SCHILY.xattr.user.x': 'y', 'VENDOR.one': 'z'})
archive.close()
)PY");
  for (const char* format : {"ustar", "gnu", "pax"}) {
    scratch.run(std::string("python3 make.py ") + format);
    const std::string archive = scratch.read("x.tar");
    EXPECT_EQ(describe(archive), python_describes(scratch, "x.tar")) << format;
    const auto members = test::read_tar(archive);
    EXPECT_EQ(members.at(1).first.user, "web");
    if (std::string_view(format) != "pax") continue;
    EXPECT_EQ(members.back().first.pax, (std::map<std::string, std::string>{{"VENDOR.all", "yes"}, {"VENDOR.one", "z"}}));
    EXPECT_EQ(members.back().first.xattrs.at("user.x"), "y");
  }
}

}  // namespace
}  // namespace resole::tar
