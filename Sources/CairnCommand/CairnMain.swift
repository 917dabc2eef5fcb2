@main struct CairnMain { static func main() {} }
