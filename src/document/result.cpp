// SPDX-License-Identifier: Apache-2.0
#include "document/result.hpp"

#include "document/describe_result.hpp"

namespace resole::document {

Json to_json(const Result& result) { return document_json(result, kResultSchema); }

std::string write_result(const Result& result) { return dump_document(to_json(result)); }

Result read_result(std::string_view text, std::string_view what) { return read_document<Result>(text, kResultSchema, what); }

}  // namespace resole::document
