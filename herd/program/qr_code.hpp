#pragma once

#include <string>
#include <string_view>

namespace herd::program {

// A text as a QR code for a terminal: two rows of modules a line, black on white whatever the
// terminal's colours are, with the margin that scanners want. Lines end with a newline. Empty: it
// is too long for one.
std::string qr_code(std::string_view text);

}  // namespace herd::program
