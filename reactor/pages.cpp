#include "reactor/pages.hpp"

#include "reactor/sys.hpp"

#include <algorithm>

namespace reactor {

Pages::~Pages() {
    if (start_ != nullptr) sys::unmap_pages(start_, size_);
}

Acquired<Pages> Pages::map(std::size_t size) {
    assert(size > 0);
    auto start = sys::map_pages(size);
    if (!start) return std::unexpected(start.error());
    Pages pages;
    pages.start_ = *start;
    pages.size_ = size;
    return pages;
}

void Pages::enlarge(std::size_t begin, std::size_t end) {
    end = std::min(end, size_);
    if (begin < end) sys::use_large_pages(static_cast<char*>(start_) + begin, end - begin);
}

}  // namespace reactor
