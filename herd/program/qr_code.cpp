#include "herd/program/qr_code.hpp"

#include <cstddef>
#include <memory>

#include <qrencode.h>

namespace herd::program {

namespace {

constexpr int margin = 4;  // modules, of ISO 18004

constexpr std::string_view colours = "\x1b[38;5;16;48;5;231m";  // pure black on pure white
constexpr std::string_view no_colours = "\x1b[0m";
constexpr std::string_view upper_half = "\xe2\x96\x80";
constexpr std::string_view lower_half = "\xe2\x96\x84";
constexpr std::string_view full = "\xe2\x96\x88";

struct Free {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

// Whether that module is dark; none is outside.
bool is_dark(const QRcode& code, int row, int column) {
    if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
    return (code.data[static_cast<std::ptrdiff_t>(row) * code.width + column] & 1) != 0;
}

std::string_view half_blocks(bool upper, bool lower) {
    if (upper) return lower ? full : upper_half;
    return lower ? lower_half : " ";
}

}  // namespace

// The least correction: it is read from a screen, once, and every module more is harder to see.
std::string qr_code(std::string_view text) {
    const std::string terminated(text);
    const std::unique_ptr<QRcode, Free> code(
        QRcode_encodeString8bit(terminated.c_str(), 0, QR_ECLEVEL_L));
    if (code == nullptr) return {};
    std::string out;
    for (int row = -margin; row < code->width + margin; row += 2) {
        out += colours;
        for (int column = -margin; column < code->width + margin; ++column) {
            out += half_blocks(is_dark(*code, row, column), is_dark(*code, row + 1, column));
        }
        out += no_colours;
        out += '\n';
    }
    return out;
}

}  // namespace herd::program
