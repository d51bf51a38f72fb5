// What may stand in a journal's file: only what was written reads as good, and neither a cut nor a
// flipped bit does.
#include "herd/journal_format.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using herd::JournalLine;

void check_bytes(std::string_view bytes) {
    const JournalLine line = herd::read_journal_line(bytes);
    if (line.kind != JournalLine::Kind::good) return;
    assert(line.size == line.text.size() + herd::journal_frame_size);
    std::vector<char> again(line.size);
    assert(herd::format_journal_line(again, line.text) == bytes.substr(0, line.size));
}

void check_text(std::string_view text, std::uint8_t where) {
    if (text.find('\n') != std::string_view::npos) return;
    std::vector<char> room(text.size() + herd::journal_frame_size);
    std::string line(herd::format_journal_line(room, text));
    const JournalLine read = herd::read_journal_line(line);
    assert(read.kind == JournalLine::Kind::good && read.text == text);
    const std::size_t at = where % line.size();
    assert(herd::read_journal_line(line.substr(0, at)).kind == JournalLine::Kind::cut);
    line[at] = static_cast<char>(line[at] ^ (1 << (where & 7)));
    assert(herd::read_journal_line(line).kind != JournalLine::Kind::good);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_bytes(bytes);
    if (size > 0) check_text(bytes.substr(1), data[0]);
    return 0;
}
