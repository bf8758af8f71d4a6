// Package disk has what directories of code and of images have in common.
//
//   - disk.go: they are shared by hard links, removed though nobody may write them,
//     and trusted only until the machine is started again.
//   - view.go: they are looked at from outside as processes see them, so that their
//     links lead to nothing else of the host's.
//
// What is in them, and for how long they are kept, is for code and image to say.
package disk
