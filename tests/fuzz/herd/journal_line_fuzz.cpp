// What may stand in a journal's file: only what was written reads as good, and neither a cut nor a
// flipped bit does.
#include "herd/journal/format.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace journal_line_fuzz {

namespace {

using herd::journal::Line;

void check_bytes(std::string_view bytes) {
    const Line line = herd::journal::read_line(bytes);
    if (line.kind != Line::Kind::good) return;
    assert(line.size == line.text.size() + herd::journal::frame_size);
    std::vector<char> again(line.size);
    assert(herd::journal::format_line(again, line.text) == bytes.substr(0, line.size));
}

void check_text(std::string_view text, std::uint8_t where) {
    if (text.find('\n') != std::string_view::npos) return;
    std::vector<char> buffer(text.size() + herd::journal::frame_size);
    std::string line(herd::journal::format_line(buffer, text));
    const Line read = herd::journal::read_line(line);
    assert(read.kind == Line::Kind::good && read.text == text);
    const std::size_t at = where % line.size();
    assert(herd::journal::read_line(line.substr(0, at)).kind == Line::Kind::cut);
    line[at] = static_cast<char>(line[at] ^ (1 << (where & 7)));
    assert(herd::journal::read_line(line).kind != Line::Kind::good);
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_bytes(bytes);
    if (size > 0) check_text(bytes.substr(1), data[0]);
}

}  // namespace journal_line_fuzz
