#include "herd/program/disarm.hpp"

#include <cstddef>

namespace herd::program {

void disarm(std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool is_second = i > 0 && text[i - 1] == '\xc2' && byte >= 0x80 && byte < 0xa0;
        if (is_second) text[i - 1] = '?';
        if (is_second || byte == 0x7f || (byte < ' ' && byte != '\n' && byte != '\t'))
            text[i] = '?';
    }
}

}  // namespace herd::program
