#include "reactor/pages.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace reactor {

namespace {

std::atomic<std::size_t> mapped_bytes = 0;

}  // namespace

Pages::~Pages() {
    if (start_ == nullptr) return;
    sys::unmap_pages(start_, size_);
    mapped_bytes -= size_;
}

std::span<char> Pages::release() {
    if (start_ == nullptr) return {};
    mapped_bytes -= size_;
    return {static_cast<char*>(std::exchange(start_, nullptr)), std::exchange(size_, 0)};
}

std::size_t Pages::mapped() {
    return mapped_bytes;
}

Acquired<Pages> Pages::map(std::size_t size) {
    assert(size > 0);
    auto start = sys::map_pages(size);
    if (!start) return std::unexpected(start.error());
    Pages pages;
    pages.start_ = *start;
    pages.size_ = size;
    mapped_bytes += size;
    return pages;
}

void Pages::enlarge(std::size_t begin, std::size_t end) {
    end = std::min(end, size_);
    if (begin < end) sys::use_large_pages(static_cast<char*>(start_) + begin, end - begin);
}

}  // namespace reactor
