// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/sandbox/privileges.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace signpost::sandbox {
namespace {

struct User {
  std::string name;
  uid_t id;
  gid_t group;
};

Result<User> FindUser(const std::string& name) {
  std::vector<char> text(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found)) == ERANGE) {
    text.resize(2 * text.size());
  }
  if (found == nullptr) {
    const std::string why = error == 0 ? "" : Status::System(" (cannot read the list of users", error).text() + ")";
    return Status::Config("there is no user '" + name + "' here: create it, or name another" + why);
  }
  if (entry.pw_uid == 0) return Status::Config("'" + name + "' is the superuser: name a user without its rights");
  return User{name, entry.pw_uid, entry.pw_gid};
}

Status Failed(const std::string& path, const User& user, int error) {
  return Status::System("cannot give " + path + " to " + user.name, error);
}

Status Refuses(const std::string& path, const User& user, const std::string& why) {
  return Status::Config("will not give " + path + " to " + user.name + ": " + why);
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// The lock of the registry is the folder itself.
bool IsOurs(std::string_view file) {
  if (file == "." || file == ".." || file.ends_with(".unusable") || file.starts_with("catalog.snapshot")) return true;
  return file == "registry.db" || file == "registry.db-wal" || file == "registry.db-shm" ||
         file == "registry.db-journal";
}

// A mistyped folder, such as /tmp or /etc, would be handed to a user that may not write there.
Status CheckFolder(int fd, const struct stat& now, const std::string& path, const User& user) {
  const std::string what_to_do = "; name a folder for dnsd alone, or chown it yourself";
  if ((now.st_mode & (S_ISVTX | S_IWGRP | S_IWOTH)) != 0) {
    return Refuses(path, user, "others may write to it" + what_to_do);
  }
  const int opened = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseFolder> folder(opened < 0 ? nullptr : fdopendir(opened));
  if (!folder) {
    const int error = errno;
    if (opened >= 0) close(opened);
    return Failed(path, user, error);
  }
  errno = 0;
  while (const dirent* entry = readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view file = entry->d_name;
    if (IsOurs(file)) continue;
    return Refuses(path, user, "it holds " + std::string(file) + ", which is not dnsd's" + what_to_do);
  }
  return errno == 0 ? Status::Ok() : Failed(path, user, errno);
}

// In a folder that has been the user's before, somebody else's file may stand under the name that is ours: neither
// links nor files with a second name are given away.
Status GiveOpen(int fd, const std::string& path, const User& user) {
  struct stat now {};
  if (fstat(fd, &now) != 0) return Failed(path, user, errno);
  const bool is_folder = S_ISDIR(now.st_mode);
  if (now.st_uid == user.id && (is_folder || now.st_gid == user.group)) return Status::Ok();
  if (S_ISLNK(now.st_mode) || (S_ISREG(now.st_mode) && now.st_nlink > 1)) {
    return Refuses(path, user, "it is a link; name what it leads to");
  }
  if (is_folder) {
    if (Status fit = CheckFolder(fd, now, path, user); !fit.ok()) return fit;
  }
  if (fchownat(fd, "", user.id, user.group, AT_EMPTY_PATH) != 0) return Failed(path, user, errno);
  return Status::Ok();
}

Status Give(const std::string& path, const User& user) {
  const int fd = open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? Status::Ok() : Failed(path, user, errno);
  Status status = GiveOpen(fd, path, user);
  close(fd);
  return status;
}

bool Is(const User& user) {
  uid_t ids[3];
  gid_t groups[3];
  if (getresuid(&ids[0], &ids[1], &ids[2]) != 0 || getresgid(&groups[0], &groups[1], &groups[2]) != 0) return false;
  for (const uid_t id : ids) {
    if (id != user.id) return false;
  }
  for (const gid_t group : groups) {
    if (group != user.group) return false;
  }
  return true;
}

}  // namespace

Status BecomeUser(const std::string& name, const std::vector<std::string>& owned) {
  const Result<User> found = FindUser(name);
  if (!found.ok()) return found.status();
  const User& user = found.value();
  if (Is(user)) return Status::Ok();
  for (const std::string& path : owned) {
    if (Status given = Give(path, user); !given.ok()) return given;
  }
  // Groups first: afterwards nobody may change them.
  if (initgroups(name.c_str(), user.group) != 0 || setresgid(user.group, user.group, user.group) != 0 ||
      setresuid(user.id, user.id, user.id) != 0) {
    return Status::System("cannot become user " + name, errno);
  }
  // A process that keeps its capabilities over the change (capabilities(7), "securebits") could go back.
  if (!Is(user) || setresuid(0, 0, 0) == 0 || seteuid(0) == 0) {
    return Status::System("cannot give up the superuser's rights for those of " + name, EPERM);
  }
  return Status::Ok();
}

Status RefuseNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return Status::Ok();
  return Status::System("cannot refuse new privileges", errno);
}

}  // namespace signpost::sandbox
