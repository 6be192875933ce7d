Console.WriteLine("sovereign");
