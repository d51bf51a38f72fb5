#pragma once

#include <string>

namespace herd::program {

// What a server says may be anybody's: no control character reaches the terminal, but those that
// JSON is laid out with. In UTF-8 those from U+0080 to U+009F are two bytes.
void disarm(std::string& text);

}  // namespace herd::program
