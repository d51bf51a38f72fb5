// What others do to the journal of a server that runs, and how that finds out.
#include "herd/journal/journal.hpp"

#include <cassert>
#include <cerrno>

namespace herd::journal {

// A restart would not find what is on the disk without its name. Of that no write and no sync says
// anything.
void Journal::tick() {
    if (current_ == nullptr || !folder_.idle()) return;
    looked_size_ = current_->size();
    looked_exact_ = !current_->busy();
    folder_.find(current_->fd());
}

// Somebody may have taken or touched it.
void Journal::on_found(int fd, const reactor::Result<std::uint64_t>& size) {
    check_states();
    // What was given up meanwhile is closed behind this.
    if (current_ == nullptr || current_->fd() != fd) return;
    const std::string_view why = what_happened(size);
    if (why.empty()) return;
    if (aside_ == Aside::none) aside_ = Aside::bad;
    const bool was_well = !troubled_;
    drop_failed(*current_, "find", why);
    // It is no fault of the disk's.
    if (was_well) retry_at_ = core_.loop.now();
    if (leaving_) try_last();
}

// An error that says nothing of the file leaves it as good as it was.
std::string_view Journal::what_happened(const reactor::Result<std::uint64_t>& size) const {
    if (!size) {
        const int error = size.error().value;
        if (error == EEXIST) return "another file has its name";
        return error == ENOENT || error == ENOTDIR ? "somebody has removed it" : "";
    }
    if (*size < looked_size_) return "somebody has cut it";
    const bool exact = looked_exact_ && !current_->busy() && current_->size() == looked_size_;
    return exact && *size > looked_size_ ? "somebody has written to it" : "";
}

}  // namespace herd::journal
