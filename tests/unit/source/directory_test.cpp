#include "source/directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/path_text.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

namespace fs = std::filesystem;

class Directory : public ::testing::Test {
 protected:
  std::string path(const std::string& key) const { return root_ + "/" + key; }

  void write(const std::string& key, const std::string& bytes = "x") const {
    fs::create_directories(fs::path(path(key)).parent_path());
    std::ofstream(path(key), std::ios::binary) << bytes;
  }

  Listing list() const {
    auto store = open_directory(root_);
    EXPECT_TRUE(store.ok());
    auto listing = (*store)->list({});
    EXPECT_TRUE(listing.ok());
    return std::move(listing).value();
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const ObjectInfo& object : list().objects)
      keys.push_back(object.key);
    return keys;
  }

  static Result<std::string> read_all(ByteReader& reader) {
    std::string text;
    std::array<std::byte, 8> buffer;
    while (true) {
      DRAY_ASSIGN(const std::size_t count, reader.read(buffer));
      if (count == 0) return text;
      text.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
  }

  const TemporaryDirectory directory_;
  const std::string& root_ = directory_.path();
};

// Root may read everything; such a test lends it another user's eyes.
class AsNobody {
 public:
  AsNobody() {
    if (::geteuid() == 0) changed_ = ::seteuid(65534) == 0;
  }
  ~AsNobody() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }
  static bool may_read(const std::string& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
  }

 private:
  bool changed_ = false;
};

TEST_F(Directory, ListsTheWholeTreeInBytewiseOrderOfKeys) {
  for (const char* key :
       {"b/1.gz", "b.gz", "b0/1.gz", "a/b/c/2.json", "a/10.gz", "a/9.gz", "B.gz", "\xc3\xa4.gz"}) {
    write(key);
  }
  EXPECT_EQ(keys(), (std::vector<std::string>{"B.gz", "a/10.gz", "a/9.gz", "a/b/c/2.json", "b.gz",
                                              "b/1.gz", "b0/1.gz", "\xc3\xa4.gz"}));
}

TEST_F(Directory, KeepsNamesOfAnyBytesAsTheyAre) {
  const std::vector<std::string> names = {"a b.gz", "a\nb.gz", "a\\b\".gz", "\xff\xfe.gz"};
  for (const std::string& name : names)
    write(name, name);
  auto store = open_directory(root_);
  const Listing listing = (*store)->list({}).value();
  ASSERT_EQ(listing.objects.size(), names.size());
  for (const ObjectInfo& object : listing.objects) {
    EXPECT_EQ(read_all(**(*store)->open(object)).value(), text_to_path(object.key));
  }
}

TEST_F(Directory, TellsSizeVersionEncodingAndDay) {
  write("segment-logs/src/1493856000000/a.gz", "12345");
  const std::array<timespec, 2> times = {timespec{7, 0}, timespec{1'700'000'000, 42}};
  ASSERT_EQ(
      ::utimensat(AT_FDCWD, path("segment-logs/src/1493856000000/a.gz").c_str(), times.data(), 0),
      0);
  const ObjectInfo object = list().objects.at(0);
  EXPECT_EQ(object.size_bytes, 5U);
  EXPECT_EQ(object.version, "1700000000000000042");
  EXPECT_EQ(object.encoding, Encoding::gzip);
  EXPECT_TRUE(object.received_day.has_value());
}

TEST_F(Directory, LeavesOutHiddenTemporaryAndForeignFiles) {
  for (const char* key : {"a.gz", ".hidden.gz", ".git/x.gz", "_temporary/x.gz", "dummy-object.txt",
                          "a.gz.part", "README"}) {
    write(key);
  }
  EXPECT_EQ(keys(), std::vector<std::string>{"a.gz"});
  EXPECT_TRUE(list().problems.empty());
}

TEST_F(Directory, FollowsLinksAndEntersNoCycleTwice) {
  write("real/a.gz");
  fs::create_directory_symlink(root_, path("real/back"));
  fs::create_directory_symlink(path("real"), path("real/self"));
  fs::create_directory_symlink("real", path("alias"));
  fs::create_symlink("real/a.gz", path("link.gz"));
  EXPECT_EQ(keys(), (std::vector<std::string>{"alias/a.gz", "link.gz", "real/a.gz"}));
  EXPECT_TRUE(list().problems.empty());
}

TEST_F(Directory, ReportsLinksThatLeadNowhere) {
  write("a.gz");
  fs::create_symlink("nowhere", path("day"));
  fs::create_symlink("ring.gz", path("ring.gz"));
  const Listing listing = list();
  EXPECT_EQ(listing.objects.size(), 1U);
  ASSERT_EQ(listing.problems.size(), 2U);
  EXPECT_EQ(listing.problems[0], (ListProblem{"day", "is a link that leads nowhere"}));
  EXPECT_EQ(listing.problems[1].key, "ring.gz");
}

TEST_F(Directory, TellsFilesThatAreNone) {
  write("a.gz");
  ASSERT_EQ(::mkfifo(path("pipe.gz").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0) << "has no name of an event file";
  fs::create_symlink("/dev/null", path("device.json"));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("s.zst").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const Listing listing = list();
  ::close(socket);
  EXPECT_EQ(listing.objects.size(), 1U);
  EXPECT_TRUE(listing.problems.empty());
  EXPECT_EQ(listing.no_files, (std::vector<ListProblem>{{"device.json", "is a device"},
                                                        {"pipe.gz", "is a pipe"},
                                                        {"s.zst", "is a socket"}}));
}

TEST_F(Directory, KeepsNamesThatAreNotUtf8Apart) {
  write("caf\xE9/b\xFF.json", "1");
  write("caf\\xE9/b\\xFF.json", "2");
  write("caf\xC3\xA9/b.json", "3");
  write("\xE9.txt");
  fs::create_symlink("nowhere", path("link\xFF"));
  const auto store = open_directory(root_).value();
  const Listing listing = store->list({}).value();
  std::vector<std::string> texts;
  for (const ObjectInfo& object : listing.objects)
    texts.push_back(object.key + "=" + read_all(*store->open(object).value()).value());
  EXPECT_EQ(texts, (std::vector<std::string>{"caf\\x5CxE9/b\\x5CxFF.json=2",
                                             "caf\\xE9/b\\xFF.json=1", "caf\xC3\xA9/b.json=3"}));
  ASSERT_EQ(listing.problems.size(), 1U);
  EXPECT_EQ(listing.problems[0].key, "link\\xFF");
}

TEST_F(Directory, HasALocationThatIsUtf8) {
  write("lo\xE9gs/a.json", "1");
  EXPECT_EQ(open_directory(path("lo\xE9gs")).value()->location(), path("lo\\xE9gs"));
  EXPECT_EQ(open_directory(path("lo\xE9gs/a.json")).value()->location(), path("lo\\xE9gs/a.json"));
}

TEST_F(Directory, ListsHardLinksAndNamesThatDifferInCaseAlone) {
  write("a.json");
  fs::create_hard_link(path("a.json"), path("b.json"));
  write("A.json");
  EXPECT_EQ(keys(), (std::vector<std::string>{"A.json", "a.json", "b.json"}));
}

TEST_F(Directory, ReportsAnUnreadableSubDirectoryAndGoesOn) {
  write("a/1.gz");
  write("b/1.gz");
  ASSERT_EQ(::chmod(path("a").c_str(), 0000), 0);
  const AsNobody nobody;
  if (AsNobody::may_read(path("a"))) GTEST_SKIP() << "this user may read everything";
  const Listing listing = list();
  ASSERT_EQ(listing.objects.size(), 1U);
  EXPECT_EQ(listing.objects[0].key, "b/1.gz");
  ASSERT_EQ(listing.problems.size(), 1U);
  EXPECT_EQ(listing.problems[0].key, "a");
  EXPECT_EQ(listing.problems[0].message, "cannot be listed: Permission denied");
}

TEST_F(Directory, RefusesAnUnreadableRootAndSaysWhatToDo) {
  fs::create_directory(path("r"));
  ASSERT_EQ(::chmod(path("r").c_str(), 0000), 0);
  const AsNobody nobody;
  if (AsNobody::may_read(path("r"))) GTEST_SKIP() << "this user may read everything";
  const auto checked = check_directory(path("r"));
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().cause, Cause::config);
  EXPECT_NE(checked.error().text().find("grant this user"), std::string::npos)
      << checked.error().text();
}

TEST_F(Directory, SaysNoPermissionForAFileThatMayNotBeRead) {
  write("a.gz");
  ASSERT_EQ(::chmod(path("a.gz").c_str(), 0000), 0);
  const AsNobody nobody;
  if (AsNobody::may_read(path("a.gz"))) GTEST_SKIP() << "this user may read everything";
  auto store = open_directory(root_);
  const auto reader = (*store)->open((*store)->list({}).value().objects.at(0));
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().cause, Cause::bad_data);
  EXPECT_EQ(reader.error().text(), "no permission to read it");
}

TEST_F(Directory, RefusesAMissingRootAndSaysWhatToDo) {
  for (const std::string& missing : {path("none"), path("none/../x"), std::string()}) {
    const auto checked = check_directory(missing);
    ASSERT_FALSE(checked.ok()) << missing;
    EXPECT_EQ(checked.error().cause, Cause::config) << checked.error().text();
  }
  EXPECT_EQ(open_directory(path("none")).value()->list({}).error().text(),
            check_directory(path("none")).error().text());
  EXPECT_EQ(check_directory(path("none")).error().text(),
            "SOURCE: there is no such directory; check the path, and that the disk is mounted");
}

TEST_F(Directory, NoticesWhenTheRootItselfIsGoneOrReplaced) {
  write("r/a.gz");
  auto store = open_directory(path("r"));
  const ObjectInfo object = (*store)->list({}).value().objects.at(0);
  fs::rename(path("r"), path("old"));
  EXPECT_EQ((*store)->list({}).error().cause, Cause::config);
  EXPECT_EQ((*store)->open(object).error().cause, Cause::config);
  write("r/b.gz");
  EXPECT_EQ((*store)->list({}).value().objects.at(0).key, "b.gz");
}

// Eleven directories with links to each other have a hundred million paths.
TEST_F(Directory, AListingEndsWhenItIsStopped) {
  for (int from = 0; from < 11; ++from) {
    fs::create_directory(path("d" + std::to_string(from)));
    for (int to = 0; to < 11; ++to) {
      fs::create_directory_symlink(path("d" + std::to_string(to)),
                                   path("d" + std::to_string(from) + "/l" + std::to_string(to)));
    }
  }
  std::stop_source stop;
  auto store = open_directory(root_, stop.get_token());
  std::jthread soon([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto listing = (*store)->list({});
  ASSERT_FALSE(listing.ok());
  EXPECT_EQ(listing.error().cause, Cause::cancelled);
}

TEST_F(Directory, TakesASingleEventFileAsItsRoot) {
  write("2026-11-01/a.json", "{}\n");
  auto store = open_directory(path("2026-11-01/a.json"));
  ASSERT_TRUE(store.ok());
  const Listing listing = (*store)->list({}).value();
  ASSERT_EQ(listing.objects.size(), 1U);
  EXPECT_EQ(listing.objects[0].key, "a.json");
  EXPECT_EQ(read_all(**(*store)->open(listing.objects[0])).value(), "{}\n");
  EXPECT_EQ((*store)->location(), path("2026-11-01/a.json"));
}

TEST_F(Directory, RefusesASingleFileThatIsNoEventFile) {
  write("notes.txt");
  const auto checked = check_directory(path("notes.txt"));
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().cause, Cause::config);
  EXPECT_NE(checked.error().text().find(".ndjson"), std::string::npos);
}

TEST_F(Directory, ItsLocationIsAbsoluteAndPlain) {
  fs::create_directories(path("a/b"));
  EXPECT_EQ((*open_directory(path("a/./b//")))->location(), path("a/b"));
  EXPECT_EQ((*open_directory(path("a/b/..")))->location(), path("a"));
  EXPECT_EQ((*open_directory("/"))->location(), "/");
}

TEST_F(Directory, GoesUpFromWhereALinkLeadsAndNotFromWhereItIs) {
  write("far/right/a.gz");
  write("far/b.gz");
  fs::create_directory_symlink("far/right", path("link"));
  auto store = open_directory(path("link/.."));
  EXPECT_EQ((*store)->location(), path("far"));
  EXPECT_EQ((*store)->list({}).value().objects.at(0).key, "b.gz");
}

TEST_F(Directory, SaysWhenAFileIsGoneSinceItWasListed) {
  write("d/a.gz");
  auto store = open_directory(root_);
  const ObjectInfo object = (*store)->list({}).value().objects.at(0);
  fs::remove_all(path("d"));
  const auto reader = (*store)->open(object);
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().cause, Cause::bad_data);
  EXPECT_EQ(reader.error().text(), "gone since it was listed");
}

TEST_F(Directory, SaysWhenAFileChangedSinceItWasListed) {
  write("a.gz", "12345");
  auto store = open_directory(root_);
  const ObjectInfo object = (*store)->list({}).value().objects.at(0);
  ObjectInfo other_size = object;
  other_size.size_bytes = 4;
  ObjectInfo other_version = object;
  other_version.version = "1";
  EXPECT_EQ((*store)->open(other_size).error().text(), "changed since it was listed");
  EXPECT_EQ((*store)->open(other_version).error().text(), "changed since it was listed");
  EXPECT_TRUE((*store)->open(object).ok());
}

TEST_F(Directory, DoesNotWaitForAPipeThatTookAFilesPlace) {
  write("a.gz");
  auto store = open_directory(root_);
  const ObjectInfo object = (*store)->list({}).value().objects.at(0);
  fs::remove(path("a.gz"));
  ASSERT_EQ(::mkfifo(path("a.gz").c_str(), 0600), 0);
  EXPECT_EQ((*store)->open(object).error().text(), "changed since it was listed");
}

TEST_F(Directory, SaysWhenAFileGrowsOrShrinksWhileItIsRead) {
  for (const bool grows : {true, false}) {
    write("a.json", "0123456789");
    auto store = open_directory(root_);
    const ObjectInfo object = (*store)->list({}).value().objects.at(0);
    const auto reader = (*store)->open(object);
    std::array<std::byte, 4> buffer;
    ASSERT_TRUE((*reader)->read(buffer).ok());
    fs::resize_file(path("a.json"), grows ? 12 : 6);
    const auto text = read_all(**reader);
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().cause, Cause::bad_data);
    EXPECT_EQ(text.error().text(), "changed while it was read");
  }
}

TEST_F(Directory, ReportsWhatIsNestedTooDeep) {
  std::string key;
  for (int i = 0; i < 70; ++i)
    key += "d/";
  write(key + "a.gz");
  const Listing listing = list();
  EXPECT_TRUE(listing.objects.empty());
  ASSERT_EQ(listing.problems.size(), 1U);
  EXPECT_NE(listing.problems[0].message.find("nested"), std::string::npos);
}

}  // namespace
}  // namespace dray
