// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/mutate.hpp"
#include "fuzz/targets.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

TEST(FuzzReplay, Json) {
  replay(
      {R"({"schemaVersion": 2, "layers": [{"size": 12, "digest": "sha256:00", "annotations": {"a.b": "\u00e9\n"}}], "x": [1.5e3, -7, null, true, false]})",
       R"([[[[]], {}], "a", 18446744073709551615, -9223372036854775808])", "\"text\"", "{\"a\":{\"a\":{\"a\":{}}}}"},
      10000, json);
}

TEST(FuzzReplay, Yaml) {
  replay({"# c\nimage: &web \"nginx:1.25\"  # k\ncopy: *web\nlist:\n  - a\n  -\n  - {x: y, z: [1, 2]}\ntext: |\n  one\n  two\nfold: >-\n  "
          "a\n  b\n",
          "%YAML 1.2\n---\na: 'it''s'\n...\n---\n? complex\n: value\n? [x]\n: y\n", "a: !!str 12\nb: ~\nc: 0x1f\nd: .5\ne:\n",
          "\xef\xbb\xbfk\xc3\xa9y: v\r\n- x\r\n", "{{- if .x }}\na: {{ b }}\n{{- end }}\n", "a:\n - b:\n    - c: {d: [e, {f: g}]}\n"},
         10000, yaml);
}

TEST(FuzzReplay, Toml) {
  replay({"# c\na = 1\nb.c = \"x\\ty\"\n[d.\"e.f\"]\ng = ['h', { i = 1.5 }]\n[[j]]\nk = true\n[[j]]\nl = 2026-11-21T10:00:00Z\n",
          "a = \"\"\"\nx \\\n  y\"\"\"\nb = '''\nz'''\nc = [\n  1, # one\n  2,\n]\nd = 0x1f\n", "\xef\xbb\xbf[a]\r\n\"k\xc3\xa9y\" = 'v'\r\n"},
         10000, toml);
}

TEST(FuzzReplay, Xml) {
  replay({"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><a:b xmlns:a=\"urn:x\" k=\"&amp;&#65;\"><c/>t<![CDATA[<x>]]><?p i?></a:b>\n",
          "<!DOCTYPE a [<!ENTITY b \"x\"><!ATTLIST a k (c|d) 'c'><!ELEMENT a (b|c)*><!NOTATION n SYSTEM 's'>]><a>&b;</a>",
          "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><l>\xe9<m n='1'/></l>"},
         6000, xml);
}

}  // namespace
}  // namespace resole::fuzz
