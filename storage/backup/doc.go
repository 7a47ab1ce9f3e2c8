// Package backup keeps the data safe: it writes copies that were read again before
// they got their name, puts one back in place of what is there, makes the data file
// as small as it can be, and keeps a directory of copies by schedule.
//
// It owns the order of steps in which nothing is ever lost, on purpose or by a
// crash at any moment, and the words for what is damaged. It does not own the form
// of the file, which is storage/bolt's, nor what a record must be like, which is
// storage's. It never sees the master key: whoever has it brings a function that
// tries it.
//
// A file is written under a name of its own, read back, made durable, and only then
// given the name that it is to have. What it replaces has got another name before.
package backup
