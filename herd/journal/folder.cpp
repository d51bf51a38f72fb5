#include "herd/journal/folder.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;
using What = sys::Errand::What;

namespace {

reactor::Result<void> result_of(int error) {
    if (error != 0) return reactor::failure(error);
    return {};
}

// With a zero behind it; false: it is too long.
bool copy(const std::string& path, std::span<char> out) {
    if (path.size() >= out.size()) return false;
    *std::ranges::copy(path, out.begin()).out = '\0';
    return true;
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
    if (!helper_.idle()) helper_.give(std::move(names_.pages()));
}

reactor::Result<void> Folder::start_helper() {
    assert(names_.size() == 0);
    auto names = reactor::PageArray<Names>::map(1);
    if (!names) return std::unexpected(names.error());
    names_ = std::move(*names);
    const bool copied = copy(place_.folder, this->names().folder) &&
                        copy(place_.file, this->names().file) &&
                        copy(place_.next, this->names().next);
    if (!copied) return reactor::failure(ENAMETOOLONG);
    return helper_.open();
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
    assert(step_ == Step::none);
    assert(step != Step::none);
    step_ = step;
    helper_.ask(errand);
}

void Folder::make(bool anew) {
    assert(!busy());
    if (!anew) return ask_to_make();
    ask(Step::opening, {.what = What::open_folder, .path = names().folder.data()});
}

void Folder::ask_to_make() {
    ask(Step::making, {.what = What::make, .path = names().next.data()});
}

void Folder::install(Aside aside, std::uint32_t number, int replaced) {
    assert(!busy());
    assert(number > 0);
    aside_ = aside;
    number_ = number;
    names().ours = false;
    if (replaced < 0) return put_aside_and_name(aside);
    ask(Step::looking, {.what = What::find, .fd = replaced, .path = names().file.data()});
}

// What nobody can look at is not known to be anybody else's.
void Folder::on_looked(int error) {
    names().ours = error != EEXIST;
    put_aside_and_name(error == EEXIST ? Aside::bad : aside_);
}

void Folder::put_aside_and_name(Aside aside) {
    if (aside == Aside::none || beside_) return ask_to_name();
    assert(removing_ == 0);
    if (aside == Aside::bad) {
        return ask(Step::putting_aside,
                   {.what = What::call, .function = &Folder::put_file_aside, .argument = &names()});
    }
    const auto path = name_refused(place_, number_, names().aside);
    // The helper then says what is wrong with it.
    if (!path) names().aside[0] = '\0';
    ask(Step::putting_aside,
        {.what = What::rename, .path = names().file.data(), .to = names().aside.data()});
}

void Folder::put_file_aside(void* names) {
    Names& of = *static_cast<Names*>(names);
    // Else two servers of one name would take it from each other for ever.
    if (!of.ours && sys::is_kept(of.file.data())) {
        of.error = EAGAIN;
        return;
    }
    const auto path = put_aside(of.file.data(), of.aside);
    of.error = path ? 0 : path.error().value;
}

// A restart that comes between finds all of it: bad files have two names, refused ones are read.
void Folder::ask_to_name() {
    ask(Step::naming,
        {.what = What::rename, .path = names().next.data(), .to = names().file.data()});
}

void Folder::remove_next() {
    helper_.ask({.what = What::remove, .path = names().next.data()});
}

// So those that are left are numbered without a gap.
void Folder::remove_refused(std::uint32_t count) {
    removing_ = count;
    if (count == 0 || !name_refused(place_, count, names().aside)) return;
    helper_.ask({.what = What::remove, .path = names().aside.data()});
}

void Folder::find(int fd) {
    assert(fd >= 0);
    helper_.ask({.what = What::find, .fd = fd, .path = names().file.data(), .token = 1});
}

void Folder::close(int fd) {
    assert(fd >= 0);
    helper_.ask({.what = What::close, .fd = fd});
}

void Folder::on_done(const sys::Errand& errand) {
    core_.wire.post_flush();
    if (errand.what == What::close) return;
    // One of a step has no token.
    if (errand.what == What::find && errand.token != 0) return on_found(errand);
    if (errand.what == What::remove) {
        if (errand.path != names().aside.data()) return;
        assert(removing_ > 0);
        return remove_refused(removing_ - 1);
    }
    assert(busy());
    on_step(std::exchange(step_, Step::none), errand);
}

void Folder::on_found(const sys::Errand& errand) const {
    if (errand.error != 0) return told_.found(errand.fd, reactor::failure(errand.error));
    told_.found(errand.fd, errand.end);
}

void Folder::on_step(Step step, const sys::Errand& errand) {
    switch (step) {
        case Step::none:
            return assert(false);
        case Step::opening:
            return on_opened(errand);
        case Step::making:
            if (errand.error != 0) return told_.made(reactor::failure(errand.error));
            assert(errand.fd >= 0);
            return told_.made(errand.fd);
        case Step::looking:
            return on_looked(errand.error);
        case Step::putting_aside:
            return on_put_aside(errand.what == What::call ? names().error : errand.error);
        case Step::naming:
            if (errand.error == 0) beside_ = false;
            return told_.installed(result_of(errand.error));
    }
}

void Folder::on_opened(const sys::Errand& errand) {
    if (errand.error != 0) return told_.made(reactor::failure(errand.error));
    assert(errand.fd >= 0);
    keep(errand.fd);
    ask_to_make();
}

void Folder::on_put_aside(int error) {
    if (error != 0 && error != ENOENT) return told_.installed(result_of(error));
    beside_ = error == 0;
    if (beside_) log_put_aside(core_, names().aside.data());
    ask_to_name();
}

void Folder::check() const {
    assert(!busy() || !idle());
    assert(busy() == (making() || installing()));
    assert(!place_.file.empty());
    assert(place_.next != place_.file);
}

}  // namespace herd::journal
