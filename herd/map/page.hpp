#pragma once

#include <string_view>

namespace herd::map {

// The page that shows the map: one document that loads nothing else, made of page.html, and of the
// outlines in data/land.txt.
std::string_view page();
// The same, packed for browsers that take that.
std::string_view page_gzip();

}  // namespace herd::map
