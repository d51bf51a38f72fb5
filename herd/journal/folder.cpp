#include "herd/journal/folder.hpp"

#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;
using What = sys::Errand::What;

namespace {

reactor::Result<void> result_of(int error) {
    if (error != 0) return reactor::failure(error);
    return {};
}

}  // namespace

Folder::Folder(Core& core, Paths place, const Told& told)
    : core_(core),
      place_(std::move(place)),
      told_(told),
      helper_(core.loop, reactor::Delegate<void(const sys::Errand&)>::to<&Folder::on_done>(*this)) {
}

Folder::~Folder() {
    keep(-1);
}

void Folder::keep(int fd) {
    if (const int before = std::exchange(fd_, fd); before >= 0) sys::close(before);
}

reactor::Result<void> Folder::open() {
    const auto fd = sys::open_folder(place_.folder.c_str());
    if (!fd) return std::unexpected(fd.error());
    keep(*fd);
    return {};
}

void Folder::ask(Step step, const sys::Errand& errand) {
    step_ = step;
    helper_.ask(errand);
}

void Folder::make(bool anew) {
    assert(!busy());
    if (!anew) return ask_to_make();
    ask(Step::opening, {.what = What::open_folder, .path = place_.folder.c_str()});
}

void Folder::ask_to_make() {
    ask(Step::making, {.what = What::make, .path = place_.next.c_str()});
}

void Folder::install(bool aside) {
    assert(!busy());
    if (!aside) return ask_to_name();
    const auto path = name_aside(place_, aside_);
    // The helper then says what is wrong with it.
    const char* const to = path ? aside_.data() : "";
    ask(Step::putting_aside, {.what = What::rename, .path = place_.file.c_str(), .to = to});
}

// A restart that comes between finds all of it under the one name or the other's.
void Folder::ask_to_name() {
    ask(Step::naming,
        {.what = What::rename, .path = place_.next.c_str(), .to = place_.file.c_str()});
}

void Folder::remove_next() {
    helper_.ask({.what = What::remove, .path = place_.next.c_str()});
}

void Folder::close(int fd) {
    helper_.ask({.what = What::close, .fd = fd});
}

void Folder::on_done(const sys::Errand& errand) {
    switch (std::exchange(step_, Step::none)) {
        case Step::none:
            return assert(false);
        case Step::opening:
            return on_opened(errand);
        case Step::making:
            if (errand.error != 0) return told_.made(reactor::failure(errand.error));
            return told_.made(errand.fd);
        case Step::putting_aside:
            return on_put_aside(errand.error);
        case Step::naming:
            return told_.installed(result_of(errand.error));
    }
}

void Folder::on_opened(const sys::Errand& errand) {
    if (errand.error != 0) return told_.made(reactor::failure(errand.error));
    keep(errand.fd);
    ask_to_make();
}

void Folder::on_put_aside(int error) {
    if (error != 0 && error != ENOENT) return told_.installed(result_of(error));
    if (error == 0) log_put_aside(core_, aside_.data());
    ask_to_name();
}

}  // namespace herd::journal
