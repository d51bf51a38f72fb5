#include "tests/sim/fake_disk.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sim {

using reactor::failure;
using reactor::Result;
using reactor::sys::Errand;

bool FakeDisk::is_well() const {
    const bool faultless = faults.open == 0 && faults.read == 0 && faults.write == 0 &&
                           faults.sync == 0 && faults.rename == 0;
    return faultless && space == SIZE_MAX && write_max == SIZE_MAX && hangs_.empty();
}

void FakeDisk::recover() {
    faults = {.punch = faults.punch, .link = faults.link};
    space = write_max = SIZE_MAX;
    hangs_.clear();
}

void FakeDisk::lose_power(std::size_t kept, std::size_t kept_names) {
    assert(open_.empty());
    sync_names(changes_synced_ + std::min(kept_names, changes_.size()));
    names_ = synced_names_;
    changes_.clear();
    jobs_.clear();
    hangs_.clear();
    for (auto& [path, file] : names_) {
        const std::size_t left = file->content.size() - file->synced;
        file->synced += std::min(kept, left);
        file->content.resize(file->synced);
        file->spoilt = false;  // What is read now is what the disk has.
    }
}

void FakeDisk::process_died(std::size_t done) {
    assert(open_.empty());
    for (; done > 0 && !jobs_.empty(); --done) {
        const Job& first = jobs_.begin()->second;
        if (first.what == Errand::What::make && faults.open == 0) {
            names_[first.path] = std::make_shared<File>();
            changes_.push_back(names_);
        }
        end(jobs_.begin()->first);
    }
    jobs_.clear();
}

std::vector<std::string> FakeDisk::paths(const std::string& prefix) const {
    std::vector<std::string> found;
    for (const auto& [path, file] : names_) {
        if (path.starts_with(prefix)) found.push_back(path);
    }
    return found;
}

std::string FakeDisk::content(const std::string& path, std::size_t from) const {
    const auto found = names_.find(path);
    return found == names_.end() ? "" : found->second->content.substr(from);
}

std::string FakeDisk::synced(const std::string& path) const {
    const auto found = synced_names_.find(path);
    if (found == synced_names_.end()) return "";
    return found->second->content.substr(0, found->second->synced);
}

void FakeDisk::put(const std::string& path, const std::string& content) {
    names_[path] = std::make_shared<File>(File{content, content.size(), false});
    synced_names_ = names_;
    changes_synced_ += changes_.size();
    changes_.clear();
}

Result<void> FakeDisk::open(int fd, const std::string& path, bool keep) {
    auto found = names_.find(path);
    if (keep && faults.open != 0) return failure(faults.open);
    if (found == names_.end()) {
        if (!keep) return failure(ENOENT);
        found = names_.emplace(path, std::make_shared<File>()).first;
        changes_.push_back(names_);
    }
    const auto taken = [&](const auto& each) {
        return each.second.keep && each.second.file == found->second;
    };
    if (keep && std::ranges::any_of(open_, taken)) return failure(EAGAIN);
    open_[fd] = {found->second, 0, keep};
    return {};
}

void FakeDisk::overwrite(const std::string& path, const std::string& content) {
    File& file = *names_.at(path);
    file.content = content;
    file.synced = content.size();
}

bool FakeDisk::is_kept(const std::string& path) const {
    const auto found = names_.find(path);
    return found != names_.end() && std::ranges::any_of(open_, [&](const auto& each) {
               return each.second.keep && each.second.file == found->second;
           });
}

Result<std::size_t> FakeDisk::read(int fd, std::span<char> buffer) {
    if (faults.read != 0) return failure(faults.read);
    Open& open = open_.at(fd);
    const std::string_view rest = std::string_view(open.file->content).substr(open.at);
    const std::size_t count = std::min(rest.size(), buffer.size());
    std::memcpy(buffer.data(), rest.data(), count);
    open.at += count;
    return count;
}

Result<std::size_t> FakeDisk::write(int fd, std::string_view bytes) {
    return write(*open_.at(fd).file, bytes);
}

Result<std::size_t> FakeDisk::write(File& file, std::string_view bytes) {
    if (faults.write != 0) return failure(faults.write);
    if (space == 0) return failure(ENOSPC);
    const std::size_t count = std::min({bytes.size(), space, write_max});
    if (space != SIZE_MAX) space -= count;
    file.content += bytes.substr(0, count);
    return count;
}

std::uint64_t FakeDisk::skip_hole(int fd) {
    Open& open = open_.at(fd);
    const std::size_t data = open.file->content.find_first_not_of('\0', open.at);
    if (data == std::string::npos) return 0;
    return data - std::exchange(open.at, data);
}

Result<void> FakeDisk::truncate(int fd, std::uint64_t size) {
    if (faults.write != 0) return failure(faults.write);
    File& file = *open_.at(fd).file;
    file.content.resize(size);
    file.synced = std::min<std::size_t>(file.synced, size);
    if (size == 0) file.spoilt = false;
    return {};
}

Result<void> FakeDisk::link(const std::string& from, const std::string& to) {
    if (faults.rename != 0) return failure(faults.rename);
    if (faults.link != 0) return failure(faults.link);
    const auto found = names_.find(from);
    if (found == names_.end()) return failure(ENOENT);
    if (!names_.emplace(to, found->second).second) return failure(EEXIST);
    changes_.push_back(names_);
    return {};
}

Result<void> FakeDisk::rename(const std::string& from, const std::string& to) {
    if (faults.rename != 0) return failure(faults.rename);
    const auto found = names_.find(from);
    if (found == names_.end()) return failure(ENOENT);
    names_[to] = found->second;
    names_.erase(from);
    changes_.push_back(names_);
    return {};
}

Result<void> FakeDisk::remove(const std::string& path) {
    if (faults.rename != 0) return failure(faults.rename);
    if (names_.erase(path) == 0) return failure(ENOENT);
    changes_.push_back(names_);
    return {};
}

std::uint64_t FakeDisk::begin(const Errand& errand) {
    Job job{errand.what,
            nullptr,
            0,
            changes_synced_ + changes_.size(),
            errand.what == Errand::What::write ? std::string(errand.bytes) : "",
            errand.path == nullptr ? "" : errand.path,
            errand.to == nullptr ? "" : errand.to,
            errand.begin,
            errand.end};
    const bool of_file = errand.what == Errand::What::sync || errand.what == Errand::What::write ||
                         errand.what == Errand::What::punch || errand.what == Errand::What::find;
    if (of_file) {
        job.file = open_.at(errand.fd).file;
        job.size = job.file->content.size();
    }
    jobs_[next_job_] = std::move(job);
    return next_job_++;
}

int FakeDisk::end(std::uint64_t number) {
    const auto node = jobs_.extract(number);
    assert(!node.empty());
    const Job& job = node.mapped();
    const auto error_of = [](const Result<void>& done) { return done ? 0 : done.error().value; };
    switch (job.what) {
        case Errand::What::sync:
        case Errand::What::sync_folder:
            return sync(job);
        case Errand::What::punch:
            return punch(job);
        case Errand::What::write:
        case Errand::What::write_lines:
            return write_all(job);
        case Errand::What::rename:
            return error_of(rename(job.path, job.to));
        case Errand::What::remove:
            return error_of(remove(job.path));
        case Errand::What::find:
            return find(job);
        case Errand::What::open_folder:
            return faults.open;
        case Errand::What::make:
        case Errand::What::reopen:
        case Errand::What::close:
        case Errand::What::unmap:
        case Errand::What::call:
            break;
    }
    return 0;
}

int FakeDisk::write_all(const Job& job) {
    for (std::size_t done = 0; done < job.bytes.size();) {
        const auto written = write(*job.file, std::string_view(job.bytes).substr(done));
        if (!written) return written.error().value;
        done += *written;
    }
    return 0;
}

// On the disk at once, which is the worst that can be.
int FakeDisk::punch(const Job& job) const {
    if (faults.punch != 0) return faults.punch;
    std::string& content = job.file->content;
    assert(job.begin < job.end);
    // Somebody may have cut it meanwhile.
    const auto place = [&](std::uint64_t at) {
        return content.begin() + static_cast<std::ptrdiff_t>(std::min(at, content.size()));
    };
    std::fill(place(job.begin), place(job.end), '\0');
    return 0;
}

int FakeDisk::find(const Job& job) const {
    if (faults.find != 0) return faults.find;
    const auto found = names_.find(job.path);
    if (found == names_.end()) return ENOENT;
    return found->second == job.file ? 0 : EEXIST;
}

int FakeDisk::sync(const Job& job) {
    if (job.file != nullptr && faults.sync != 0) job.file->spoilt = true;
    if (faults.sync != 0) return faults.sync;
    ++syncs_;
    if (job.file == nullptr) {
        sync_names(job.names);
    } else if (!job.file->spoilt) {
        job.file->synced = std::max(job.file->synced, job.size);
    }
    return 0;
}

// The first ones that there ever were.
void FakeDisk::sync_names(std::size_t changes) {
    if (changes <= changes_synced_) return;
    const auto count = static_cast<std::ptrdiff_t>(changes - changes_synced_);
    synced_names_ = changes_[static_cast<std::size_t>(count - 1)];
    changes_.erase(changes_.begin(), changes_.begin() + count);
    changes_synced_ = changes;
}

}  // namespace sim
